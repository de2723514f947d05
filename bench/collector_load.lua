-- Load for wrk: each request is one of the bodies in the file $BODIES (one per line), with an id of its own.
--   @ID@ becomes a UUID that no other request of the run has, @N@ a number that is new each time.
--   $DELAY_MS: mean wait of each connection before its next request, evenly spread from 0 to twice that; 0 is full load.
-- The last line of the output is JSON: requests, answers that were not 2xx, seconds, and the latency's percentiles in ms.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init()
   bodies, count, spread = {}, 0, 2 * tonumber(os.getenv("DELAY_MS") or "0")
   for line in io.lines(os.getenv("BODIES")) do
      bodies[#bodies + 1] = line
   end
   run = tonumber(os.getenv("RUN") or "0")
   path, kind = os.getenv("TARGET"), os.getenv("CONTENT_TYPE")
   math.randomseed(run * 64 + number)
   headers = {
      ["content-type"] = kind,
      ["user-agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
   }
   if spread > 0 then
      delay = function() return math.random(0, spread) end
   end
end

function request()
   count = count + 1
   local id = string.format("%08x-0000-7000-8%03x-%012x", run, number, count)
   local body = bodies[count % #bodies + 1]:gsub("@ID@", id):gsub("@N@", id)
   return wrk.format("POST", path, headers, body)
end

function done(summary, latency, _)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "refused": %d, "broken": %d, "seconds": %.3f, "p50": %.3f, "p99": %.3f, "p999": %.3f}\n',
      summary.requests, e.status, e.connect + e.read + e.write + e.timeout, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3))
end
