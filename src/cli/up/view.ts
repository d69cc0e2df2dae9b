import { pageUrl } from "./plan.ts";
import type { Service } from "./service.ts";

/** Where the person who ran `scc up` sees what goes on: a terminal, or plain lines. */
export interface View {
  /** The services, once, before the first is started. */
  show(services: readonly Service[]): void;
  /** One of them changed. */
  changed(service: Service): void;
  /** One of them wrote a line. */
  line(service: Service, line: string, stream: "stdout" | "stderr"): void;
  /** All of them are ready, for the first time. */
  ready(): void;
  /** Nothing more will come. */
  close(): void;
}

/** "scc-worker 8000": how a service is called in everything that is shown. */
export function nameOf({ plan }: Pick<Service, "plan">): string {
  return `${plan.service} ${plan.port}`;
}

/** "http://localhost:8000 and http://localhost:8001": where to look, without the third worker and so on. */
export function pagesOf(services: readonly Pick<Service, "plan">[]): string {
  const workers = services.filter(({ plan }) => plan.service === "scc-worker");
  return workers
    .slice(0, 2)
    .map(({ plan }) => pageUrl(plan))
    .join(" and ");
}
