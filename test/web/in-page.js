// What test/web/browser.test.ts looks at from inside a page.
globalThis.look = {
  /** What reaches over the right edge, if anything makes the page scroll. */
  overflow() {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const over = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return over.map((element) => `${element.tagName}.${element.getAttribute('class')}`);
  },

  /**
   * Words wider than the box that holds them, where it neither scrolls nor is meant for ears alone. The board's table
   * becomes cards with an axis, and is looked at by itself.
   */
  spiltWords() {
    const spilt = [...document.querySelectorAll('main *')].filter((element) => {
      const { display, overflowX } = getComputedStyle(element);
      const holdsWords = [...element.childNodes].some(
        ({ nodeType, textContent }) => nodeType === 3 && textContent.trim(),
      );
      const isBox = !display.startsWith('inline') && display !== 'contents';
      const scrolls = overflowX === 'auto' || overflowX === 'scroll';
      if (!holdsWords || !isBox || scrolls || element.closest('svg, .board')) return false;
      return element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1;
    });
    return spilt.map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`);
  },

  /** Sheets that lie on each other or touch: paper lies with a gap. */
  touchingSheets() {
    const sheets = [...document.querySelectorAll('.sheet')].map((sheet) => ({
      name: sheet.textContent.trim().slice(0, 20),
      box: sheet.getBoundingClientRect(),
    }));
    return sheets.flatMap(({ name, box }, index) =>
      sheets
        .slice(index + 1)
        .filter(({ box: other }) => {
          const beside = Math.max(other.left - box.right, box.left - other.right);
          const below = Math.max(other.top - box.bottom, box.top - other.bottom);
          return Math.max(beside, below) < 8;
        })
        .map((other) => `${name} / ${other.name}`),
    );
  },

  /** Words whose contrast to what is behind them is below WCAG's AA. */
  faintWords() {
    const rgb = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour) => {
      const [red, green, blue] = colour.map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element) => {
      if (!element) return [255, 255, 255];
      const colour = rgb(getComputedStyle(element).backgroundColor);
      return colour.length === 4 && colour[3] === 0 ? behind(element.parentElement) : colour;
    };
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.textContent.trim() || !element.checkVisibility() || element.closest('noscript, svg')) continue;
      const front = luminance(rgb(getComputedStyle(element).color));
      const back = luminance(behind(element));
      const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
      if (contrast < 4.5) faint.add(`${node.textContent.trim().slice(0, 20)} ${contrast.toFixed(2)}`);
    }
    return [...faint];
  },
};
