// The browser knows its zone; the server could only guess it from the phone's area. Nothing a person chose is changed.
(() => {
  "use strict";

  const select = document.querySelector("select[data-guess-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select && zone && select.querySelector(`option[value="${CSS.escape(zone)}"]`)) select.value = zone;
})();
