// Stands here only until the page is written.
export function RopewayPage(_: { id: string }) {
  return <p />;
}
