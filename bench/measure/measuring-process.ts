import type { FromMeasuring, Job } from "./job.ts";
import { measure } from "./measure.ts";

// One run in a process of its own, which makes the load as well: no run inherits another's heap, and what hangs
// can be ended together with its servers.

process.once("message", async (job: Job) => {
  try {
    tell({
      kind: "measured",
      measured: await measure(job, (standing) => tell({ kind: "standing", standing })),
    });
  } catch (error) {
    tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
  process.disconnect();
});

function tell(message: FromMeasuring): void {
  process.send?.(message);
}
