// Stands here only until the page is written.
export function RopePage(_: { id: string }) {
  return <p />;
}
