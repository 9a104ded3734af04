// Stands here only until the page is written.
export function HealthPage(_: { id: string }) {
  return <p />;
}
