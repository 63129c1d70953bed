"""What can be clicked or touched and is less than 24 pixels wide or high (WCAG 2.5.8)."""

from __future__ import annotations

#: The small targets of a page. A link that stands in a line of text is as high as its line. The
#: boxes of a form belong to their label; one without may be small where nothing else is near.
SMALL = """() => {
  const LEAST = 23.5;
  const all = [...document.querySelectorAll(
    'a[href], button, summary, select, textarea, input:not([type=hidden])')];
  const seen = all.filter(one => {
    const look = getComputedStyle(one), box = one.getBoundingClientRect();
    return one.checkVisibility({visibilityProperty: true, opacityProperty: true})
      && box.width > 1 && box.height > 1 && look.pointerEvents !== 'none'
      && !one.closest('.visually-hidden, .skip-link, [inert], [contenteditable]');
  });
  const isBox = one => ['checkbox', 'radio'].includes(one.type);
  const around = one => {
    const boxes = [one, ...(one.labels || [])].map(part => part.getBoundingClientRect());
    return {
      left: Math.min(...boxes.map(b => b.left)), right: Math.max(...boxes.map(b => b.right)),
      top: Math.min(...boxes.map(b => b.top)), bottom: Math.max(...boxes.map(b => b.bottom)),
    };
  };
  const inText = one => {
    if (one.tagName !== 'A' && one.tagName !== 'BUTTON') return false;
    if (!getComputedStyle(one).display.startsWith('inline')) return false;
    const inLine = part => getComputedStyle(part).display.startsWith('inline');
    let block = one.parentElement;
    while (inLine(block)) block = block.parentElement;
    const kind = getComputedStyle(block).display;
    if (!['block', 'list-item', 'table-cell'].includes(kind)) return false;
    let rest = block.innerText;
    for (const other of block.querySelectorAll('a, button'))
      rest = rest.replace(other.innerText, '');
    return /[\\p{L}\\d]{2}/u.test(rest);
  };
  const free = one => {
    const b = one.getBoundingClientRect(), x = (b.left + b.right) / 2, y = (b.top + b.bottom) / 2;
    return seen.every(other => {
      if (other === one || other.contains(one)) return true;
      const o = other.getBoundingClientRect();
      const dx = Math.max(o.left - x, 0, x - o.right), dy = Math.max(o.top - y, 0, y - o.bottom);
      return Math.hypot(dx, dy) >= 12;
    });
  };
  return seen.filter(one => {
    const b = around(one), small = b.right - b.left < LEAST || b.bottom - b.top < LEAST;
    return small && !inText(one) && !(isBox(one) && free(one));
  }).map(one => {
    const b = around(one);
    return `${Math.round(b.right - b.left)}x${Math.round(b.bottom - b.top)} `
      + one.outerHTML.replace(/\\s+/g, ' ').slice(0, 110)
      + ` in ${one.parentElement.tagName} ${one.parentElement.className}`;
  });
}"""
