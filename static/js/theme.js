// Runs before the first paint, so that a dark page never flashes white. The choice comes from the server's cookie.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function paint() {
    const choice = root.dataset.themeChoice || "auto";
    root.dataset.bsTheme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
  }

  root.classList.add("js");
  paint();
  dark.addEventListener("change", paint);
  document.addEventListener("theme-chosen", (event) => {
    root.dataset.themeChoice = event.detail;
    paint();
  });
})();
