// Stands here only until the page is written.
export function Consultations(_: { id: string }) {
  return <p />;
}
