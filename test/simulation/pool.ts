import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Chunk, type ChunkResult, type RunOptions, runChunk } from "./runs.ts";

interface Job {
  readonly chunk: Chunk;
  readonly options: RunOptions;
}

const SELF = fileURLToPath(import.meta.url);

/**
 * Runs chunks of seeds in several processes, and tells of each as it is done, in any order.
 *
 * @param stopped asked before each chunk
 */
export async function runPool(
  jobs: number,
  chunks: Iterator<Chunk>,
  options: RunOptions,
  done: (result: ChunkResult) => void,
  stopped: () => boolean,
): Promise<void> {
  const work = async (run: (chunk: Chunk) => Promise<ChunkResult>): Promise<void> => {
    for (let next = chunks.next(); !next.done && !stopped(); next = chunks.next())
      done(await run(next.value));
  };
  if (jobs === 1) return work((chunk) => runChunk(chunk, options));
  const children = Array.from({ length: jobs }, () => fork(SELF, ["worker"], { execArgv: process.execArgv }));
  try {
    await Promise.all(children.map((child) => work((chunk) => ask(child, { chunk, options }))));
  } finally {
    for (const child of children) child.kill();
  }
}

function ask(child: ChildProcess, job: Job): Promise<ChunkResult> {
  return new Promise((resolve, reject) => {
    const answered = (result: ChunkResult): void => {
      child.off("exit", died);
      resolve(result);
    };
    const died = (code: number | null): void => {
      child.off("message", answered);
      reject(new Error(`A process ended with ${code} in the seeds from ${job.chunk.from} on`));
    };
    child.once("message", answered);
    child.once("exit", died);
    child.send(job);
  });
}

if (process.argv[1] === SELF && process.argv[2] === "worker") {
  process.on(
    "message",
    ({ chunk, options }: Job) => void runChunk(chunk, options).then((result) => process.send?.(result)),
  );
}
