// Comfort only: every page works without this file. Plain script, no inline code, no eval (the policy is strict).
(() => {
  "use strict";
  const root = document.documentElement;
  const year = 31536000;
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=${year}; samesite=lax${secure}`;
  };
  const say = (words) => {
    const live = document.getElementById("announce");
    if (live) { live.textContent = ""; requestAnimationFrame(() => { live.textContent = words; }); }
  };
  root.dataset.js = "";

  // A new business is mostly where its owner's browser is.
  const zone = document.querySelector("input[name=time_zone]");
  if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

  // Theme: what the system says, until one is chosen.
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const flipTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
    say(`${root.dataset.theme} colours`);
  };

  // Copy buttons: data-copy names the element whose text is copied.
  const copy = async (button) => {
    const text = document.getElementById(button.dataset.copy)?.textContent.trim() ?? "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // no permission, or not a secure address: select it, the person presses the keys
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      say("Selected. Press Control C to copy.");
      return;
    }
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = "Copied";
    say("Copied");
    setTimeout(() => { label.textContent = before; }, 1600);
  };

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.("[data-copy], [data-flip-theme], [data-dismiss], [data-print]");
    if (!pressed) return;
    if ("copy" in pressed.dataset) copy(pressed);
    else if ("flipTheme" in pressed.dataset) flipTheme();
    else if ("print" in pressed.dataset) print();
    else pressed.closest(".toast")?.remove();
  });

  // Shortcuts, which can be switched off where they are explained.
  let awaiting = 0;
  const typing = (el) => el.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const follows = Date.now() - awaiting < 1500;
    awaiting = 0;
    if (follows) {
      const goal = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (goal) { event.preventDefault(); goal.click(); }
    } else if (event.key === "g") {
      awaiting = Date.now();
    } else if (event.key === "/") {
      const box = [...document.querySelectorAll("input[type=search]")].find((i) => i.offsetParent);
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    } else if (event.key === "?") {
      document.getElementById("shortcuts")?.togglePopover?.();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-switch]")) {
      root.dataset.keys = event.target.checked ? "on" : "off";
      remember("keys", root.dataset.keys);
    } else if (!window.htmx && event.target.form?.matches("[data-auto]")) {
      event.target.form.requestSubmit();
    }
  });

  // Chart tooltips: any mark with data-tip; the same words are in the chart's table for keyboards and readers.
  let tip;
  const hide = () => { if (tip) tip.hidden = true; };
  const show = (event) => {
    const words = event.target.dataset?.tip;
    if (!words) return hide();
    if (!tip?.isConnected) {
      tip = document.createElement("div");
      tip.className = "tip";
      tip.setAttribute("aria-hidden", "true");
      document.body.append(tip);
    }
    tip.textContent = words;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = event.clientX + 14 + box.width > innerWidth ? event.clientX - box.width - 14 : event.clientX + 14;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, event.clientY - box.height - 10)}px`;
  };
  document.addEventListener("pointermove", show, { passive: true });
  document.addEventListener("pointerdown", show, { passive: true });
  document.addEventListener("scroll", hide, { passive: true, capture: true });

  // A row of tabs that is wider than the screen shows the current one.
  const showTab = () => document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
    const row = tab.parentElement;
    row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  });
  showTab();
  document.addEventListener("htmx:after:swap", showTab);

  // Live parts: rest while nobody looks, and say when the server cannot be reached.
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && event.detail?.ctx?.sourceEvent?.type === "every") event.preventDefault();
  });
  document.addEventListener("htmx:error", () => { root.dataset.offline = ""; });
  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail?.ctx?.response?.status >= 500) root.dataset.offline = "";
    else delete root.dataset.offline;
  });
})();
