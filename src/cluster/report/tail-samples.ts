import { cut, MOST_TAIL_MESSAGES, TAIL_CHARACTERS, type TailMessage } from "./report-messages.ts";

/** Bytes that TAIL_CHARACTERS may take in UTF-8. */
const MOST_BYTES = TAIL_CHARACTERS * 3;

interface Sample {
  messages: { text: string; bytes: number }[];
  count: number;
}

/** The first few messages of each channel that somebody looks at, since they were last told. */
export class TailSamples {
  readonly #samples = new Map<string, Sample>();

  constructor(channels: readonly string[]) {
    for (const channel of channels) this.#samples.set(channel, { messages: [], count: 0 });
  }

  add(channel: string, bytes: Buffer): void {
    const sample = this.#samples.get(channel);
    if (sample === undefined) return;
    sample.count += 1;
    if (sample.messages.length === MOST_TAIL_MESSAGES) return;
    const text = cut(bytes.toString("utf8", 0, MOST_BYTES), TAIL_CHARACTERS);
    sample.messages.push({ text, bytes: bytes.length });
  }

  /** What came since the last call, for channels where something did. */
  take(): TailMessage[] {
    const all: TailMessage[] = [];
    for (const [channel, sample] of this.#samples) {
      const { messages, count } = sample;
      if (count > 0) all.push({ type: "tail", channel, messages, skipped: count - messages.length });
      sample.messages = [];
      sample.count = 0;
    }
    return all;
  }
}
