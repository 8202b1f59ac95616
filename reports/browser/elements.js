// Elements of the document. Data never passes through innerHTML: a name in a record is no markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * The element of the page with this identity, which Python wrote. Throws where the page lacks it.
 *
 * @param {string} identity
 */
export function byId(identity) {
  const element = document.getElementById(identity);
  if (!element) throw new Error(`the page has no element #${identity}`);
  return element;
}

/**
 * The first element below `root` that a selector names. Throws where there is none.
 *
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function within(root, selector) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`the page has no element ${selector}`);
  return /** @type {HTMLElement} */ (element);
}

/**
 * The closest element around an event's target that a selector names; null for none.
 *
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function around(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * An element with attributes and children; an attribute that is null or false is left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 * @param {(Node | string | null | undefined)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * An element of SVG.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 */
export function shape(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  return element;
}

/**
 * @param {Element} element
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
}
