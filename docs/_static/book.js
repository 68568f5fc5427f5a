// Opened from disk, pages cannot read one another, so search shows titles without excerpts.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// The search button is named by the text that it shows, shortcut included.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".search-button-field")) {
    button.removeAttribute("aria-label");
  }
});

// A formula that is too wide for the window scrolls; the keyboard must reach it.
function letTheKeyboardScroll() {
  for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
    if (formula.scrollWidth > formula.clientWidth) {
      formula.tabIndex = 0;
    } else {
      formula.removeAttribute("tabindex");
    }
  }
}
window.addEventListener("load", () => window.MathJax?.startup?.promise?.then(letTheKeyboardScroll));
window.addEventListener("resize", letTheKeyboardScroll);
