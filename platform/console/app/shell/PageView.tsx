import { Component, lazy, type ReactNode, Suspense, useEffect } from 'react';
import { type ApiFailure, asFailure } from '../api/failure.ts';
import { type Page, type PageProps, pages } from '../pages.ts';
import { Empty, FailureView, Loading } from '../ui/states.tsx';
import { hrefOf, matchPath } from './routing.ts';
import { usePlace } from './usePlace.ts';

const views = new Map<Page, React.LazyExoticComponent<React.ComponentType<PageProps>>>();

/** The page whose path fits the place. Each page is a file of its own that is loaded when it is first opened. */
export function PageView() {
  const { path, query } = usePlace();
  const found = pages
    .map((page) => ({ page, params: matchPath(page.path, path === '/' ? pages[0]!.path : path) }))
    .find(({ params }) => params !== undefined);
  const name = found === undefined ? 'Not found' : (Object.values(found.params!)[0] ?? found.page.title);
  useEffect(() => {
    document.title = `${name} · Millrace`;
  }, [name]);
  if (found === undefined) {
    return (
      <Empty title="There is no such page">
        <a href={hrefOf(pages[0]!.path)}>{pages[0]!.title}</a>
      </Empty>
    );
  }
  const View = viewOf(found.page);
  return (
    <Guard key={path}>
      <Suspense fallback={<Loading />}>
        <View params={found.params!} query={query} />
      </Suspense>
    </Guard>
  );
}

function viewOf(page: Page) {
  const view = views.get(page) ?? lazy(async () => ({ default: await page.load() }));
  views.set(page, view);
  return view;
}

/** A page that throws is said to, and takes nothing else with it. */
class Guard extends Component<{ readonly children: ReactNode }, { readonly failure?: ApiFailure }> {
  override state: { readonly failure?: ApiFailure } = {};

  static getDerivedStateFromError(error: unknown) {
    return { failure: asFailure(error) };
  }

  override render() {
    if (this.state.failure === undefined) return this.props.children;
    return <FailureView failure={this.state.failure} onRetry={() => location.reload()} />;
  }
}
