import { visible } from "../../runtime/visible.ts";
import { type Answer, ask } from "../ask.ts";

export interface Health {
  readonly healthy: boolean;
  /** One line for each that answered, or one that says that nothing does. */
  readonly report: string;
}

/** Asks all of these at once: healthy is when at least one answers, and each that answers says OK. */
export async function healthOf(urls: readonly URL[]): Promise<Health> {
  const asked = await Promise.all(urls.map(async (url) => ({ url, answer: await ask(url) })));
  const answered = asked.filter((one): one is { url: URL; answer: Answer } => one.answer !== undefined);
  if (answered.length === 0) return { healthy: false, report: `Nothing answers at ${urls.join(", ")}\n` };
  return {
    healthy: answered.every(({ answer }) => answer.ok),
    report: answered.map(({ url, answer }) => `${url}: ${visible(answer.text)}\n`).join(""),
  };
}
