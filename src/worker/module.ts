import type { Server } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { AGServer } from "../api/index.ts";
import { SccError } from "../runtime/errors.ts";

/** What a user's module is given. */
export interface AppContext {
  /** The server that clients are connected to. */
  readonly server: AGServer;
  /** Its HTTP server, which does not listen yet: request listeners and routes can be added. */
  readonly http: Server;
  /** The same as `server.exchange`: publish and subscribe from within the process. */
  readonly exchange: AGServer["exchange"];
}

/** How a file is imported: the language's `import()`. */
type Importer = (href: string) => Promise<unknown>;

/** Called at shutdown, when clients have been parted with; awaited. */
export type AppClose = () => unknown;

/**
 * A user's application. Awaited before the port opens, so that no client meets it half set up. If what it
 * returns (or resolves with) is a function, that is called at shutdown; anything else is ignored.
 */
export type AppModule = (context: AppContext) => unknown;

/** The user's module cannot be run. */
export class ModuleError extends SccError {
  readonly code = "SCC_MODULE";
  override readonly name = "ModuleError";
}

const EXPECTED =
  "export a function: export default ({ server, http, exchange }) => { ... } (or module.exports = ...)";

/**
 * Loads a user's module: ESM or CommonJS, `.js`, `.mjs` or `.cjs`. The file's own top level has run when
 * this resolves, its function has not.
 *
 * @param path relative to the working directory, or absolute
 * @param importer for tests, whose runner has put its own in the place of `import()`
 * @throws {ModuleError} if the file is not there, cannot be read as JavaScript, or exports no function
 */
export async function loadModule(
  path: string,
  importer: Importer = (href) => import(href),
): Promise<AppModule> {
  const exports = await importFile(path, importer);
  const app = findFunction(exports);
  if (app === undefined) throw new ModuleError(`Cannot run module "${path}": it must ${EXPECTED}`);
  return app;
}

/** @returns what to call at shutdown, if the application said so */
export async function startModule(app: AppModule, context: AppContext): Promise<AppClose | undefined> {
  const close = await app(context);
  return typeof close === "function" ? (close as AppClose) : undefined;
}

async function importFile(path: string, importer: Importer): Promise<Record<string, unknown>> {
  const file = resolve(path);
  const { href } = pathToFileURL(file);
  try {
    return (await importer(href)) as Record<string, unknown>;
  } catch (error) {
    throw new ModuleError(`Cannot load module "${path}": ${explain(error, href, file)}`, { cause: error });
  }
}

function explain(error: unknown, href: string, file: string): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  const { code, url } = error as { code?: string; url?: string };
  const isItself = url === href || error.message.includes(`'${file}'`);
  if (code === "ERR_MODULE_NOT_FOUND" && isItself)
    return `there is no such file; the path is taken from the working directory: ${file}`;
  if (code === "ERR_UNSUPPORTED_DIR_IMPORT") return "it is a directory; name the file in it";
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") return "it must be JavaScript, in a .js, .mjs or .cjs file";
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND")
    return `${firstLine(error)}; is it installed (npm install) and spelled right?`;
  if (error instanceof SyntaxError) return `it has a syntax error: ${error.message}${placeOf(error, file)}`;
  return `its top level threw: ${error.stack ?? error.message}`;
}

function firstLine(error: Error): string {
  return error.message.split("\n", 1)[0] ?? "";
}

/** Node puts the place in front of the stack for CommonJS; for ESM it tells only the one who runs the file. */
function placeOf(error: Error, file: string): string {
  const stack = error.stack ?? "";
  const end = stack.indexOf(`${error.name}: `);
  return end > 0 ? `\n${stack.slice(0, end).trimEnd()}` : `; this shows where: node --check ${file}`;
}

/** ESM's `export default`, CommonJS's `module.exports` or `exports.default`. */
function findFunction(exports: Record<string, unknown>): AppModule | undefined {
  const direct = exports.default;
  if (typeof direct === "function") return direct as AppModule;
  if (typeof direct !== "object" || direct === null || !("default" in direct)) return undefined;
  return typeof direct.default === "function" ? (direct.default as AppModule) : undefined;
}
