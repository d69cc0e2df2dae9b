import { encodeData } from "./encode.ts";

/** How published data are written as JSON text, as which they travel between processes, and read again. */
export interface DataForm {
  /** `undefined` if there is no text for it. @throws {TypeError} if it cannot be written (a cycle, a BigInt) */
  write(data: unknown): string | undefined;
  /** A value for the caller alone. @param bytes what `write` wrote, in UTF-8; empty for nothing */
  read(bytes: Buffer): unknown;
}

/** As JSON: Buffers and ArrayBuffers become `{base64: true, data}`, other views objects of numbers. */
export const PLAIN: DataForm = { write: encodeData, read: parse };

/**
 * For servers with a codec, which can carry bytes: those in the data are read as what they were. Between processes they
 * are `{base64: true, data, bytes}`, where `bytes` names their class; whoever knows no codec sees that.
 */
export const WITH_BYTES: DataForm = {
  write: (data) => encodeData(tagBytes(data)),
  read: (bytes) => (bytes.includes('"base64":true') ? untag(parse(bytes)) : parse(bytes)),
};

/** Views by the names of their classes, as many bytes as one element takes. */
const VIEWS = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((View) => [View.name, View]),
);

function parse(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
}

/** A decoded packet, or a batch of them, with the bytes in the data of its publishes as JSON can carry them. */
export function tagPublishes(packets: unknown): unknown {
  if (Array.isArray(packets)) return packets.map(tagPublishes);
  if (!isObject(packets) || packets.event !== "#publish" || !isObject(packets.data)) return packets;
  return { ...packets, data: { ...packets.data, data: tagBytes(packets.data.data) } };
}

/** The value itself if there are no bytes in it, else a copy. */
function tagBytes(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (value instanceof ArrayBuffer) return tag("ArrayBuffer", Buffer.from(value));
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return tag(Buffer.isBuffer(value) ? "Buffer" : Object.prototype.toString.call(value).slice(8, -1), bytes);
  }
  if (typeof value.toJSON === "function") return value;
  return mapped(value, tagBytes);
}

function tag(name: string, bytes: Buffer): object {
  return { base64: true, data: bytes.toString("base64"), bytes: name };
}

function untag(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { base64, data, bytes } = value;
  if (base64 === true && typeof data === "string" && typeof bytes === "string") {
    return bytesOf(bytes, data) ?? value;
  }
  return mapped(value, untag);
}

/** `undefined` where these are not the bytes of such a class: an application's own object that looks like it. */
function bytesOf(name: string, base64: string): unknown {
  const buffer = Buffer.from(base64, "base64");
  if (name === "Buffer") return buffer;
  // In memory of their own: small Buffers share some.
  const own = new Uint8Array(buffer).buffer;
  if (name === "ArrayBuffer") return own;
  if (name === "DataView") return new DataView(own);
  const View = VIEWS.get(name);
  return View && own.byteLength % View.BYTES_PER_ELEMENT === 0 ? new View(own) : undefined;
}

/** The value itself if nothing in it becomes another, else a copy. */
function mapped(value: object, map: (entry: unknown) => unknown): unknown {
  let isSame = true;
  const mapEntry = (entry: unknown): unknown => {
    const result = map(entry);
    if (result !== entry) isSame = false;
    return result;
  };
  const copy = Array.isArray(value)
    ? value.map(mapEntry)
    : Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapEntry(entry)]));
  return isSame ? value : copy;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
