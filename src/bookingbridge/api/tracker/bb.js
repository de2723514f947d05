/* BookingBridge: first-party, no fingerprints; explained in docs/collector.md */
(() => { try {
  const W = window, D = document, L = location, data = D.currentScript.dataset;
  if (W.bb && W.bb.token) return;
  const endpoint = data.endpoint || new URL('collect', D.currentScript.src).href;
  const free = data.consent === 'not-required', LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
  const hosts = (data.bookingHosts || '').match(/[\w.-]+/g) || [];

  const safe = act => (...args) => { try { return act(...args); } catch (e) { return null; } };
  const on = (target, name, act) => target.addEventListener(name, safe(act), true);
  const storage = act => safe((key, value) => localStorage[act + 'Item'](key, value));
  const load = storage('get'), save = storage('set'), drop = storage('remove');
  const eachUnsent = safe(act => Object.keys(localStorage).forEach(key => key.startsWith('bb_event_') && act(key)));
  const remembered = () => [load('bb_token'), D.cookie.replace(/.*\bbb_token=(\w+).*/, '$1')].find(valid);
  const bake = (value, age) => {
    D.cookie = 'bb_token=' + value + ';path=/;samesite=lax;max-age=' + age + (L.protocol === 'https:' ? ';secure' : '');
  };

  const random = (count, from) => Array.from(crypto.getRandomValues(new Uint8Array(count)), byte => from[byte % from.length]).join('');
  const uuid = () => (0 + Date.now().toString(16) + random(20, '0123456789abcdef')).replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-8$4-');
  const seal = letters => {
    let rest = 7;
    for (const letter of letters) rest = (rest * 33 + LETTERS.indexOf(letter)) % 1048573;
    return 'bb_' + letters + [15, 10, 5, 0].map(bits => LETTERS[rest >> bits & 31]).join('');
  };
  const valid = text => /^bb_[a-z2-7]{20}$/.test(text) && text === seal(text.slice(3, 19));

  const page = uuid(), queue = new Map();
  let consent = 'none', token = null, handed, visit, isNew, href = L.href, isBusy, isDue, pause = 1e3;

  const arrival = referrer => {
    const utm = {}, ids = {};
    new URLSearchParams(L.search + '&' + L.hash.split('?')[1]).forEach((value, name) => {
      name = name.toLowerCase();
      if (/^utm_/.test(name)) utm[name.slice(4)] = value;
      if (/clk?id$|t_cid$|sccid$|ltid$|braid$|^gad_|^li_fat|^igsh/.test(name)) ids[name] = value;
    });
    const tags = JSON.stringify([utm, ids]);
    return { utm, ids, referrer, tags, isTagged: tags.length > 7 };
  };
  const begin = found => {
    visit = found;
    isNew = true;
    track('visit');
  };
  const route = () => {
    if (href === L.href) return;
    href = L.href;
    const now = arrival('');
    if (now.isTagged && now.tags !== visit.tags) begin(now);
  };

  const track = (kind, fields, who = {}) => {
    const click_ids = Object.assign({}, visit.ids);
    if (token) D.cookie.replace(/\b_(fb[cp])=([^;]+)/g, (all, name, value) => click_ids[name] = value);
    // Without consent: that there was one, not which.
    else for (const name in click_ids) click_ids[name] = '-';
    const event = {
      id: uuid(), kind, at: new Date().toISOString(), visitor: token, consent, utm: visit.utm, click_ids,
      url: token ? L.href : L.origin + L.pathname,
      referrer: token ? visit.referrer : visit.referrer.split('?')[0],
      email: who.email, phone: who.phone,
      fields: Object.assign({}, fields, consent !== 'denied' && { page })
    };
    queue.set(event.id, event);
    if (token) {
      visit.at = Date.now();
      save('bb_visit', JSON.stringify(visit));
      save('bb_event_' + event.id, JSON.stringify(event));
    }
    setTimeout(flush, 9);
  };

  // Events stay until answered for; ids make repetition harmless.
  const flush = safe(isLeaving => {
    const events = [...queue.values()].slice(0, 9), body = JSON.stringify({ site: data.site, events });
    if (!events[0] || (isLeaving ? navigator.sendBeacon && navigator.sendBeacon(endpoint, body) : isBusy)) return;
    isBusy = true;
    fetch(endpoint, { method: 'POST', body, keepalive: true, credentials: 'omit' })
      .then(answer => answer.status < 500 && answer.status !== 429, () => 0)
      .then(isDone => {
        isBusy = false;
        if (isDone) events.forEach(event => queue.delete(event.id) && drop('bb_event_' + event.id));
        pause = isDone ? 1e3 : pause * 2;
        setTimeout(flush, pause);
      });
  });

  const bare = search => search.replace(/([?&])bb=[^&]*&?/, '$1').replace(/[?&]$/, '');
  const books = link => hosts.some(host => ('.' + link.hostname).endsWith('.' + host));
  const dress = safe(() => D.querySelectorAll('a[href],input[name=bb_token]').forEach(element => {
    if (element.name === 'bb_token') element.value = token || '';
    else if (books(element)) {
      let search = bare(element.search);
      if (token) search += (search ? '&bb=' : '?bb=') + token;
      if (search !== element.search) element.search = search;
    }
  }));

  const allow = as => {
    consent = as;
    token = remembered() || handed || seal(random(16, LETTERS));
    save('bb_token', token);
    bake(token, 3e7);
    eachUnsent(key => queue.set(key.slice(9), JSON.parse(load(key))));
  };
  const refuse = () => {
    consent = 'denied';
    token = null;
    queue.clear();
    eachUnsent(drop);
    drop('bb_visit');
    drop('bb_token');
    bake('', 0);
  };

  const bb = {
    consent: safe(isGiven => {
      if (!isGiven) {
        refuse();
        if (free) save('bb_token', 0);
      } else if (!navigator.globalPrivacyControl && !token) {
        allow('granted');
        if (isNew) track('visit');
      }
      dress();
    }),
    identify: safe(who => token && track('identify', {}, who)),
    track: safe((kind, fields = {}) => JSON.stringify(fields) && track(kind, fields)),
    token: () => token,
    push: safe(call => bb[call[0]](...call.slice(1)))
  };

  const early = W.bb || [];
  W.bb = bb;
  handed = [new URLSearchParams(L.search).get('bb')].find(valid);
  if (handed) history.replaceState(history.state, '', L.pathname + bare(L.search) + L.hash);
  if (navigator.globalPrivacyControl) refuse();
  else if (load('bb_token') === '0') consent = 'denied';
  else if (free) allow(data.consent);
  else if (remembered()) allow('granted');

  const now = arrival(D.referrer), isOwn = D.referrer.split('/')[2] === L.host, old = token && safe(JSON.parse)(load('bb_visit'));
  const isRecent = old && Date.now() - old.at < 18e5, isSame = isRecent && old.tags + old.referrer === now.tags + now.referrer;
  visit = old || now;
  if (now.isTagged || D.referrer && !isOwn ? !isSame : !isOwn && !isRecent) begin(now);

  on(W, 'popstate', route);
  if (W.navigation) on(W.navigation, 'currententrychange', route);
  on(W, 'pagehide', () => flush(true));
  on(D, 'visibilitychange', () => flush(true));
  on(D, 'submit', dress);
  on(D, 'click', event => {
    const link = event.target.closest('a[href]');
    dress();
    if (link && books(link)) track('click', { href: link.href.split('?')[0] });
  });
  new MutationObserver(() => {
    isDue = isDue || setTimeout(() => {
      route();
      isDue = dress();
    }, 30);
  }).observe(D, { childList: true, subtree: true, attributeFilter: ['href'] });
  dress();
  flush();
  early.forEach(bb.push);
} catch (e) {} })();
