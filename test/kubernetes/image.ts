import { read } from "./objects.ts";

export interface Image {
  /** The instructions, in order, each with its text on one line. */
  readonly instructions: readonly { readonly name: string; readonly text: string }[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly ports: readonly number[];
  readonly user: number | string;
}

/** What a Dockerfile says of the image that it ends with. */
export function imageOf(file: string): Image {
  const text = read(file)
    .replace(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "");
  const instructions = [...text.matchAll(/^([A-Z]+) +(.*)$/gm)].map(([, name = "", text = ""]) => ({
    name,
    text,
  }));
  const last = (wanted: string): string => instructions.findLast(({ name }) => name === wanted)?.text ?? "";
  const list = (text: string): string[] => JSON.parse(/\[.*\]$/.exec(text)?.[0] ?? "[]");
  const [user = ""] = last("USER").split(":");
  return {
    instructions,
    entrypoint: list(last("ENTRYPOINT")),
    command: list(last("CMD")),
    healthCheck: list(last("HEALTHCHECK")),
    ports: last("EXPOSE").split(" ").map(Number),
    user: /^\d+$/.test(user) ? Number(user) : user,
  };
}
