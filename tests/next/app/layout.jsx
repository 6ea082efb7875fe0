import "@copilotkit/react-core/v2/styles.css";

export const metadata = { title: "Chat in Next.js" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
