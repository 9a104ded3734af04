// Stands here only until the page is written.
export function Tasks(_: { id: string }) {
  return <p />;
}
