type Attributes = Record<string, string | boolean | undefined>;

/** Makes an element; an attribute that is false or undefined is left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Array<Node | string>
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);

  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }

  node.append(...children);

  return node;
}

export function field(label: string, attributes: Attributes): HTMLLabelElement {
  return element('label', { class: 'field' }, label, element('input', { required: true, ...attributes }));
}

export function formValues(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries(
    Array.from(new FormData(form), ([name, value]) => [name, String(value)]),
  );
}
