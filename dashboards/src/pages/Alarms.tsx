// Stands here only until the page is written.
export function Alarms(_: { id: string }) {
  return <p />;
}
