// Sets the theme before the first paint; loaded as a classic, blocking script.

(() => {
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("hone:choice:theme") || "auto";
  } catch {
    chosen = "auto";
  }
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wanted = document.documentElement.dataset.chosenTheme || chosen;
    const isAuto = wanted !== "light" && wanted !== "dark";
    document.documentElement.dataset.theme = isAuto ? (isDark.matches ? "dark" : "light") : wanted;
  };
  isDark.addEventListener("change", apply);
  document.addEventListener("hone:theme", apply);
  apply();
})();
