import type { PodSpec } from "./manifests.ts";
import type { Pod } from "./pod.ts";

const AVAILABLE_WITHIN_MS = 90_000;

/** Starts one pod of a release. */
export type Launch = (entry: string) => Promise<Pod>;

/** What a deployment's controller does: so many pods, and the change from one release to another. */
export class Deployment {
  readonly #spec: PodSpec;
  readonly #launch: Launch;
  /** Oldest first, without those that are being deleted. */
  #pods: Pod[] = [];
  readonly #leaving = new Set<Promise<void>>();

  constructor(spec: PodSpec, launch: Launch) {
    this.#spec = spec;
    this.#launch = launch;
  }

  get pods(): readonly Pod[] {
    return this.#pods;
  }

  /** More pods at once, or fewer: the youngest go. Resolves when the new ones are available. */
  async scale(count: number, entry: string): Promise<void> {
    const added: Pod[] = [];
    while (this.#pods.length + added.length < count) added.push(await this.#launch(entry));
    this.#pods.push(...added);
    for (const pod of this.#pods.splice(count)) this.#delete(pod);
    await Promise.all(added.map((pod) => pod.becomesAvailable(AVAILABLE_WITHIN_MS)));
  }

  /**
   * Replaces all pods. New before old, one at a time: as in Kubernetes, an old one may still be leaving when the next
   * new one starts. Resolves when the last old one is gone.
   */
  async roll(entry: string): Promise<void> {
    for (const old of [...this.#pods]) {
      if (this.#spec.recreate) {
        this.#delete(old);
        await old.gone;
      }
      const fresh = await this.#launch(entry);
      this.#pods.push(fresh);
      await fresh.becomesAvailable(AVAILABLE_WITHIN_MS);
      if (!this.#spec.recreate) this.#delete(old);
    }
    await this.settled();
  }

  /** Nobody is leaving any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  #delete(pod: Pod): void {
    this.#pods = this.#pods.filter((one) => one !== pod);
    const leaving: Promise<void> = pod.delete().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
