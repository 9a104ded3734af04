// Stands here only until the page is written.
export function ConsultationPage(_: { id: string }) {
  return <p />;
}
