import { Conductor } from "./generator/conduct.ts";
import { ForkedMember } from "./generator/forked-member.ts";
import { partsOf } from "./generator/part.ts";
import { LocalMember } from "./generator/team.ts";
import type { LoadHooks, LoadPlan, LoadResult } from "./plan.ts";

/**
 * Makes a load and measures what comes of it. What a connection or a publication meets is counted in the result
 * (`errors`), and does not end the load.
 *
 * @throws {ConfigError} if the plan cannot work; nothing has been connected then
 * @throws {LoadError} if nobody can be connected, or a generator fails
 */
export async function runLoad(plan: LoadPlan, hooks: LoadHooks = {}): Promise<LoadResult> {
  const parts = partsOf(plan);
  const team =
    plan.generators === 1
      ? parts.map((part) => new LocalMember(part))
      : parts.map((part, index) => new ForkedMember(part, index + 1));
  try {
    return await new Conductor(plan, team, hooks).run();
  } finally {
    await Promise.all(team.map((member) => member.take("end")));
  }
}
