// A switch that could not be kept goes back to where it was: it never shows what the server doesn't know.
(() => {
  "use strict";

  function goBack({ detail }) {
    const field = detail.elt;
    if (field?.matches?.(".switch-tap > input")) field.checked = field.defaultChecked;
  }

  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.body.addEventListener(name, goBack);
})();
