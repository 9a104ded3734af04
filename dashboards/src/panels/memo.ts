// Draws a panel anew only when its own properties change, not when the page around it does.
import { type ComponentType, Component, type ComponentChild, h } from "preact";

export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class Kept extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      return Object.keys(after).some((key) => !Object.is(before[key], after[key]));
    }
    override render(): ComponentChild {
      return h(Inner, this.props as P & object);
    }
  };
}
