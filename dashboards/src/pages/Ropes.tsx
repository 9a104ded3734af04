// Stands here only until the page is written.
export function Ropes(_: { id: string }) {
  return <p />;
}
