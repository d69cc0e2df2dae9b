import { byId, count, element, setText } from "./format.js";

const SHOWN = 10;

/** The hottest channels; a click follows one, where that is allowed. */
export class Hot {
  #list = byId("hot");
  #follow;

  constructor(follow) {
    this.#follow = follow;
  }

  show({ hot, members }, mayTail) {
    const shown = hot.slice(0, SHOWN);
    const most = shown[0]?.perSecond ?? 1;
    byId("no-hot").hidden = shown.length > 0;
    while (this.#list.childElementCount > shown.length) this.#list.lastElementChild.remove();
    for (const [index, { channel, perSecond, ownerId }] of shown.entries()) {
      const row = this.#list.children[index] ?? this.#add();
      const [button, rate, bar] = row.children;
      const [name, owner] = button.children;
      setText(name, channel);
      setText(owner, members.find(({ id }) => id === ownerId)?.name ?? "");
      setText(rate, count(perSecond));
      bar.firstElementChild.setAttribute("width", `${((100 * perSecond) / most).toFixed(1)}%`);
      // A name that was cut is none.
      button.disabled = !mayTail || channel.endsWith("…");
      button.title = button.disabled ? "" : `Follow ${channel}`;
    }
  }

  #add() {
    const row = element("li");
    const button = element("button", "channel");
    button.type = "button";
    button.append(element("span", "name"), element("span", "soft owner"));
    button.addEventListener("click", () => this.#follow(button.firstElementChild.textContent));
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    bar.setAttribute("class", "bar");
    bar.setAttribute("aria-hidden", "true");
    const fill = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    fill.setAttribute("height", "100%");
    bar.append(fill);
    row.append(button, element("span", "rate"), bar);
    this.#list.append(row);
    return row;
  }
}
