import type { Load } from "../load/load.ts";
import type { Action } from "../scenarios/scenario.ts";
import type { System } from "../system/system.ts";

/** Does one thing to a cluster. Resolves when what it started can be used; the rest is done before it returns. */
export async function perform(action: Action, system: System, load: Load): Promise<void> {
  switch (action.kind) {
    case "add": {
      const name = await system.add(action.role);
      if (action.role === "worker") load.join(name);
      return await system.becomesReady(name);
    }
    case "start again":
      await system.process(action.process).start();
      return await system.becomesReady(action.process);
    case "end":
      return system.process(action.process).end(action.signal);
    case "freeze":
      return system.process(action.process).freeze();
    case "wake":
      return system.process(action.process).wake();
    case "reset":
      return system.reset(action.process, action.dialler);
    case "fault":
      return system.addRule(action.process, action.rule);
    case "heal":
      return system.heal(action.process);
    case "aim state":
      return system.aimStateAt(action.process);
  }
}
