import type { Random } from "../simulation/random.ts";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** One message of a conversation. */
export interface Message {
  readonly bytes: Buffer;
  readonly text: boolean;
}

interface Shape {
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** What the frame says of its length, if that is not so. */
  readonly length?: number | bigint;
}

/** A client's frame, or something like one. */
export function frame(random: Random, opcode: number, payload: Buffer, shape: Shape = {}): Buffer {
  const { fin = true, reserved = 0, isMasked = true, length = payload.length } = shape;
  const mask = isMasked ? Buffer.from([0, 0, 0, 0].map(() => random.whole(0, 255))) : Buffer.alloc(0);
  const head = headOf((fin ? 0x80 : 0) | (reserved << 4) | opcode, isMasked ? 0x80 : 0, length);
  const body = Buffer.from(payload);
  if (isMasked) for (let i = 0; i < body.length; i++) body[i] = (body[i] as number) ^ (mask[i % 4] as number);
  return Buffer.concat([head, mask, body]);
}

function headOf(first: number, masked: number, length: number | bigint): Buffer {
  if (typeof length === "number" && length < 126) return Buffer.of(first, masked | length);
  if (typeof length === "number" && length < 65_536) {
    const head = Buffer.of(first, masked | 126, 0, 0);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = masked | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

const opcodeOf = ({ text }: Message): number => (text ? TEXT : BINARY);

/** A message as it should be. */
export function whole(random: Random, message: Message): Buffer {
  return frame(random, opcodeOf(message), message.bytes);
}

/** A message in parts, with other frames between them; all of that is allowed. */
export function inParts(random: Random, message: Message): Buffer {
  const { bytes } = message;
  const cuts = Array.from({ length: random.whole(1, 4) }, () => random.whole(0, bytes.length)).toSorted(
    (a, b) => a - b,
  );
  const ends = [...cuts, bytes.length];
  const frames = ends.map((end, index) => {
    const part = bytes.subarray(index === 0 ? 0 : ends[index - 1], end);
    const fin = index === ends.length - 1;
    return frame(random, index === 0 ? opcodeOf(message) : 0, part, { fin });
  });
  const between = random.chance(0.5) ? [control(random)] : [];
  return Buffer.concat([...frames.slice(0, 1), ...between, ...frames.slice(1)]);
}

function control(random: Random): Buffer {
  const payload = Buffer.alloc(random.whole(0, 125), "p");
  return frame(random, random.pick([PING, PONG]), payload);
}

/** Control frames, a few or many. */
export function controls(random: Random): Buffer {
  return Buffer.concat(Array.from({ length: random.pick([1, 3, 100]) }, () => control(random)));
}

/** What no client may send; whoever gets it closes. */
export function broken(random: Random, message: Message): Buffer {
  const { bytes } = message;
  const opcode = opcodeOf(message);
  return random.pick([
    () => frame(random, random.pick([3, 7, 11, 15]), bytes),
    () => frame(random, opcode, bytes, { reserved: random.whole(1, 7) }),
    () => frame(random, opcode, bytes, { isMasked: false }),
    () => frame(random, random.pick([PING, CLOSE]), Buffer.alloc(random.pick([126, 1000]))),
    () => frame(random, PING, Buffer.alloc(3), { fin: false }),
    () => frame(random, 0, bytes),
    () => Buffer.concat([frame(random, opcode, bytes, { fin: false }), frame(random, opcode, bytes)]),
    () =>
      frame(random, opcode, bytes, { length: random.pick([2n ** 63n, 2n ** 53n, 2n ** 32n, 200_000_000n]) }),
    () => frame(random, opcode, bytes).subarray(0, random.whole(1, 6)),
    () => frame(random, CLOSE, Buffer.of(random.whole(0, 255), random.whole(0, 255), 0xff)),
    () => frame(random, CLOSE, Buffer.of(3)),
    () => frame(random, TEXT, Buffer.of(0xc0, 0xff, 0xed, 0xa0, 0x80)),
    () => Buffer.from(Array.from({ length: random.whole(1, 200) }, () => random.whole(0, 255))),
  ])();
}
