import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../../../runtime/errors.ts";

/** What a process is in the cluster. `upstream-worker`: one of upstream's beside ours, for migrating. */
export const ROLES = ["state", "broker", "worker", "upstream-worker"] as const;
export type Role = (typeof ROLES)[number];

const READY = z.union([
  z.strictObject({ http: z.string().startsWith("/") }),
  z.strictObject({ output: z.string().min(1) }),
  z.strictObject({ tcp: z.literal(true) }),
]);

const PROCESS = z.strictObject({
  role: z.enum(ROLES),
  argv: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  cwd: z.string().optional(),
  port: z.int().min(1).max(65_000).optional(),
  ready: READY,
});

const SYSTEM = z.strictObject({
  name: z.string().min(1).max(100),
  settle: z.int().min(0).max(600_000).default(0),
  processes: z.array(PROCESS).min(1),
});

/** How it is told that a process can be used: a path that answers 200, a text it prints, or an open port. */
export type Ready = z.infer<typeof READY>;

/** How one process of a role is started. Texts may hold placeholders, see `fill`. */
export interface ProcessTemplate {
  readonly role: Role;
  /** The server itself, not something that starts it: signals go there. */
  readonly argv: readonly string[];
  /** Its environment, and nothing else but `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** The first one's; the next have the following. Absent: free ones are found. */
  readonly port?: number | undefined;
  readonly ready: Ready;
}

/** How a whole cluster is started. */
export interface SystemTemplate {
  readonly name: string;
  /** How long it is left alone when all processes are ready, ms. */
  readonly settle: number;
  readonly processes: readonly ProcessTemplate[];
}

/** What stands for a placeholder in one process. */
export type Places = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/** `{port}` to listen on; `{announcedPort}`: where others reach it, through the proxy; and so on. */
export const PLACEHOLDERS = [
  "port",
  "host",
  "announcedHost",
  "announcedPort",
  "stateHost",
  "statePort",
  "name",
] as const;

const NEEDED: readonly Role[] = ["state", "broker", "worker"];

/** @throws {ConfigError} naming everything that is wrong with the file */
export function readSystem(file: string): SystemTemplate {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError([`--system ${file}: ${(error as Error).message}`]);
  }
  return parseSystem(json, file);
}

/** @throws {ConfigError} naming everything that is wrong */
export function parseSystem(json: unknown, file: string): SystemTemplate {
  const parsed = SYSTEM.safeParse(json);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map(({ path, message }) => `--system ${file}: ${path.join(".")}: ${message}`),
    );
  }
  const { processes } = parsed.data;
  const problems = [
    ...NEEDED.filter((role) => !processes.some((each) => each.role === role)).map(
      (role) => `no process has the role ${role}`,
    ),
    ...ROLES.filter((role) => processes.filter((each) => each.role === role).length > 1).map(
      (role) => `the role ${role} is there twice: one process is started as often as it is needed`,
    ),
    ...processes.flatMap(({ argv, env }) => [...argv, ...Object.values(env)].flatMap(unknownIn)),
  ];
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `--system ${file}: ${problem}`));
  return parsed.data;
}

/** Puts values for `{port}` and the other placeholders. */
export function fill(text: string, places: Places): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => (isPlaceholder(name) ? places[name] : all));
}

function unknownIn(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !isPlaceholder(name))
    .map(
      (name) => `{${name}} is no placeholder; there are ${PLACEHOLDERS.map((each) => `{${each}}`).join(" ")}`,
    );
}

function isPlaceholder(name: string): name is (typeof PLACEHOLDERS)[number] {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}
