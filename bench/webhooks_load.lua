-- Load for wrk: each request is the next line of the file $EVENTS, `<signature> <body>`; each thread has its own half.
--   $DELAY_MS: mean wait of each connection before its next request, evenly spread from 0 to twice that; 0 is full load.
-- The last line of the output is JSON: requests, answers that were not 2xx, seconds, and the latency's percentiles in ms.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init()
   signatures, bodies, count, spread = {}, {}, 0, 2 * tonumber(os.getenv("DELAY_MS") or "0")
   local at = 0
   for line in io.lines(os.getenv("EVENTS")) do
      at = at + 1
      if at % 2 == number then
         local blank = line:find(" ", 1, true)
         signatures[#signatures + 1] = line:sub(1, blank - 1)
         bodies[#bodies + 1] = line:sub(blank + 1)
      end
   end
   path = os.getenv("TARGET")
   math.randomseed(tonumber(os.getenv("RUN") or "0") + number)
   headers = { ["content-type"] = "application/json", ["user-agent"] = "Square Connect v2" }
   if spread > 0 then
      delay = function() return math.random(0, spread) end
   end
end

function request()
   count = count % #bodies + 1
   headers["x-square-hmacsha256-signature"] = signatures[count]
   return wrk.format("POST", path, headers, bodies[count])
end

function done(summary, latency, _)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "refused": %d, "broken": %d, "seconds": %.3f, "p50": %.3f, "p99": %.3f}\n',
      summary.requests, e.status, e.connect + e.read + e.write + e.timeout, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
