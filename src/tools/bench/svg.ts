/** Control characters, halves of a pair, and the two that are no characters. */
const NOT_XML = /(?![\t\n\r])\p{Cc}|\p{Surrogate}|[\ufffe\uffff]/gu;

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element. Children are markup; for what people wrote see `textElement`. Undefined attributes are left out. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeXml(typeof value === "number" ? rounded(value) : value)}"`],
  );
  const start = `<${name}${pairs.join("")}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join("")}</${name}>`;
}

/** An element with text in it, which may be anything. */
export function textElement(name: string, attributes: Attributes, content: string): string {
  return element(name, attributes, [escapeXml(content)]);
}

/** Text as it may stand in XML, in elements and attributes. Characters that XML cannot hold become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(NOT_XML, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Hundredths of a pixel are enough, and keep files small and their differences readable. */
function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
