// The pages work without this file. It only improves them: the warning before the idle end, showing a
// password while typing, copying a secret, the strength of a password, the focus after a mistake.
"use strict";
(function () {
  var body = document.body;

  var summary = document.querySelector(".summary, .done");
  if (summary) { summary.focus(); }

  function button(words, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", act);
    return made;
  }

  document.querySelectorAll("input[data-show]").forEach(function (input) {
    var frame = document.createElement("div");
    frame.className = "with-button";
    input.parentNode.insertBefore(frame, input);
    frame.appendChild(input);
    var toggle = button(input.dataset.show, function () {
      var hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      toggle.textContent = hidden ? input.dataset.hide : input.dataset.show;
      toggle.setAttribute("aria-pressed", String(hidden));
    });
    toggle.setAttribute("aria-pressed", "false");
    toggle.setAttribute("aria-controls", input.id);
    frame.appendChild(toggle);
    if (input.form) {
      // So that no browser remembers it as a text.
      input.form.addEventListener("submit", function () { input.type = "password"; });
    }
  });

  document.querySelectorAll("[data-copy]").forEach(function (place) {
    if (!navigator.clipboard) { return; }
    var from = place.querySelector(".code");
    var copy = button(place.dataset.copy, function () {
      navigator.clipboard.writeText(from.textContent.trim()).then(function () {
        said.textContent = place.dataset.copied;
      });
    });
    copy.className = "button second slim";
    var said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "small soft";
    place.appendChild(copy);
    place.appendChild(said);
  });

  function post(path, fields) {
    fields.csrf = body.dataset.csrf;
    return fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
      redirect: "error"
    });
  }

  document.querySelectorAll("input[data-strength]").forEach(function (input) {
    var place = document.createElement("div");
    place.className = "strength";
    place.setAttribute("role", "status");
    var field = input.closest(".field");
    field.parentNode.insertBefore(place, field.nextSibling);
    var timer, asked = 0;
    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(function () {
        if (!input.value) { place.textContent = ""; return; }
        var mine = ++asked;
        post(input.dataset.strength, { password: input.value }).then(function (answer) {
          return answer.ok ? answer.json() : null;
        }).then(function (strength) {
          if (!strength || mine !== asked) { return; }
          place.textContent = "";
          var meter = document.createElement("meter");
          meter.min = 0; meter.max = 4; meter.low = 2; meter.high = 3; meter.optimum = 4;
          meter.value = strength.score;
          meter.setAttribute("aria-hidden", "true");
          place.appendChild(meter);
          place.appendChild(document.createTextNode(strength.words));
        }).catch(function () {});
      }, 500);
    });
  });

  // R5: a warning before the idle end, and a button that prevents it. Another tab's activity counts.
  var dialog = document.getElementById("idle");
  if (dialog && dialog.showModal) {
    var idle = Number(body.dataset.idle) * 1000;
    var warn = Number(body.dataset.warn) * 1000;
    var last, tabs = "BroadcastChannel" in window ? new BroadcastChannel("idle") : null;
    var warnTimer, endTimer;
    var restart = function () {
      last = Date.now();
      clearTimeout(warnTimer);
      clearTimeout(endTimer);
      if (dialog.open) { dialog.close(); }
      warnTimer = setTimeout(look, idle - warn);
    };
    // A computer that slept counts time as the wall does.
    var look = function () {
      var left = idle - (Date.now() - last);
      if (left > warn) { warnTimer = setTimeout(look, left - warn); return; }
      // At the end of the twelve hours there is nothing to be prevented.
      if (!dialog.open && idle > warn) { dialog.showModal(); }
      clearTimeout(endTimer);
      endTimer = setTimeout(function () { location.assign(body.dataset.ended); }, Math.max(left, 0) + 1000);
    };
    var stay = function (event) {
      event.preventDefault();
      post(dialog.querySelector("form").getAttribute("action"), {}).then(function (answer) {
        if (!answer.ok) { throw new Error(); }
        restart();
        if (tabs) { tabs.postMessage("active"); }
      }).catch(function () { location.assign(body.dataset.ended); });
    };
    dialog.querySelector("form").addEventListener("submit", stay);
    // The Escape key closes a dialog: whoever presses it is there.
    dialog.addEventListener("cancel", stay);
    if (tabs) { tabs.onmessage = restart; tabs.postMessage("active"); }
    document.addEventListener("visibilitychange", function () { if (!document.hidden) { clearTimeout(warnTimer); look(); } });
    restart();
  }
})();
