// A few lines instead of a framework: elements from calls, and one way to put a new picture in place of an old one that keeps what is equal.
type Child = HTMLElement | SVGElement | string | null | undefined | false;
type Props = Record<string, string | number | boolean | undefined | ((e: Event) => void)>;

export function h(tag: string, props: Props = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((c): c is HTMLElement | string => c !== null && c !== undefined && c !== false));
  return element;
}

/** Makes `old` show what `next` shows; keyed by data-key, so focus and unchanged tiles stay. */
export function patch(old: Element, next: Element): void {
  const before = new Map<string, Element>();
  for (const child of [...old.children]) if (child instanceof HTMLElement && child.dataset.key) before.set(child.dataset.key, child);
  let at: ChildNode | null = old.firstChild;
  for (const child of [...next.childNodes]) {
    const key = child instanceof HTMLElement ? child.dataset.key : undefined;
    const kept = key !== undefined ? before.get(key) : at instanceof Element && child instanceof Element && !(at as HTMLElement).dataset?.key && at.tagName === child.tagName ? at : undefined;
    if (kept && child instanceof Element && kept.tagName === child.tagName) {
      if (kept !== at) old.insertBefore(kept, at); else at = at!.nextSibling;
      if (!kept.isEqualNode(child)) {
        for (const a of [...kept.attributes]) if (!child.hasAttribute(a.name)) kept.removeAttribute(a.name);
        for (const a of [...child.attributes]) if (kept.getAttribute(a.name) !== a.value) kept.setAttribute(a.name, a.value);
        patch(kept, child);
      }
    } else if (at instanceof Text && child instanceof Text) {
      if (at.data !== child.data) at.data = child.data;
      at = at.nextSibling;
    } else old.insertBefore(child, at);
  }
  while (at) { const rest: ChildNode | null = at.nextSibling; at.remove(); at = rest; }
}

export function chart(values: number[], label: string, format: (n: number) => string, least: number): HTMLElement {
  const most = Math.max(...values), top = Math.max(most * 1.25, least), width = 240, height = 48;
  const points = values.map((v, i) => `${(i / (values.length - 1) * width).toFixed(1)},${(height - 1 - v / top * (height - 2)).toFixed(1)}`).join(' ');
  const ns = 'http://www.w3.org/2000/svg', svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${label}, now ${format(values.at(-1)!)}, most ${format(most)}`);
  for (const [tag, shape] of [['polygon', `0,${height} ${points} ${width},${height}`], ['polyline', points]] as const) {
    const line = document.createElementNS(ns, tag);
    line.setAttribute('points', shape);
    svg.append(line);
  }
  const box = h('figure', { class: 'chart' }, h('figcaption', {}, h('span', {}, label), h('b', {}, format(values.at(-1)!))));
  box.append(svg);
  return box;
}
