/**
 * Lets applications assign what is computed here and a plain field in the original. Whoever assigns sees from then on
 * what was assigned; the server goes on by what is true. Accessors that can be set stay as they are.
 */
export function makeAssignable(prototype: object): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (descriptor.get === undefined || descriptor.set !== undefined) continue;
    const set = function (this: object, value: unknown): void {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    };
    Object.defineProperty(prototype, name, { ...descriptor, set });
  }
}
