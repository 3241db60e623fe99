// Measures a page from inside its frame and leaves the findings in an attribute of the frame.
"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const name = (element) => `${element.tagName}.${element.getAttribute("class") ?? ""} ${element.textContent.trim().slice(0, 40)}`;
  const scrolls = (element) => element.closest(".scroll") !== null && !element.matches(".scroll");
  const drawn = (element) => element.closest("svg") !== null && !element.matches("svg");

  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      const parts = numbers(colour);
      if (parts.length === 3 || parts[3] === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (element) => {
    const style = getComputedStyle(element);
    const [a, b] = [luminance(drawn(element) ? style.fill : style.color), luminance(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const ownText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const texts = all("body *").filter((e) => ownText(e) && !e.matches("script, style, title, .skip"));

  const focusable = all("a[href], [tabindex]");
  const focused = focusable.map((element) => {
    element.focus();
    const style = getComputedStyle(element);
    return { element, reached: document.activeElement === element, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
  });
  const skip = document.querySelector(".skip");
  skip.focus();
  const skipLinkLeft = skip.getBoundingClientRect().left;
  skip.blur();

  const brokenIn = (element) => [...element.childNodes].filter((node) => node.nodeType === 3).flatMap((node) =>
    [...node.data.matchAll(/(?<![\w.,-])[A-Za-z]{2,16}(?![\w.,-])/g)].filter((word) => {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
    }).map((word) => word[0]));

  const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible";
  frameElement.setAttribute("data-probe", JSON.stringify({
    width: innerWidth,
    pageWidth: document.documentElement.scrollWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    background: getComputedStyle(document.body).backgroundColor,
    fetched: performance.getEntriesByType("resource").map((entry) => entry.name),
    overflowing: all("body *").filter((e) => !scrolls(e) && !drawn(e) && !e.matches(".skip") && e.getBoundingClientRect().right > innerWidth + 0.5).map(name),
    silentPictures: all("svg, img").filter((e) => !drawn(e) || e.matches("img")).filter((e) => e.parentElement.closest("svg") === null
      && e.closest("[aria-hidden=true]") === null && !(e.getAttribute("role") === "img" && e.getAttribute("aria-label")?.trim())).map(name),
    unreachable: [...focused.filter((f) => !f.reached).map((f) => name(f.element)), ...all(".scroll:not([tabindex])").map(name)],
    focusWithoutOutline: focused.filter((f) => !f.outlined).map((f) => name(f.element)),
    skipLinkLeft,
    faint: texts.filter((e) => shown(e) && contrast(e) < 4.5).map((e) => `${contrast(e).toFixed(2)} ${name(e)}`),
    hidden: texts.filter((e) => !shown(e) && e.closest("nav") === null).map(name),
    brokenWords: all("th, td, th *, td *").filter((e) => !drawn(e)).flatMap(brokenIn),
    cutCaptions: all("caption > span").filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5).map(name),
    clipped: all("body *").filter((e) => getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1 && !drawn(e)).map(name),
  }));
})();
