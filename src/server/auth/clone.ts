/**
 * A copy of data that are to be written later, so that what the application does to them meanwhile has no
 * effect: plain objects, arrays and bytes are copied, all else is taken as it is.
 */
export function clone(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(clone);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, clone(entry)]));
}
