import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Services } from '../workers/services.ts';
import { type AliyunWebhooks, aliyunRouter } from './aliyun.ts';
import { apiRouter } from './api/router.ts';
import { noteLooks } from './audited.ts';
import { consoleRoutes, type Route } from './console.ts';
import { isHttps, readCookies } from './cookies.ts';
import { Forbidden, NotFound, tellFaults } from './faults.ts';
import { alive, ready } from './health.ts';
import { chooseLanguage } from './language.ts';
import type { Web } from './page.ts';
import { recordingsPath, takeRecordingFile } from './prompts/uploading.ts';
import { draftsPath, takeDraft } from './questionnaires/uploading.ts';
import { may } from './roles.ts';
import { takeUpload, uploadPath } from './roster/uploading.ts';
import { ruleDraftsPath, takeRuleDraft } from './rules/uploading.ts';
import { keepSessions, knowViewer, protectForms, viewerOf } from './sessions.ts';
import { followLink, limitSignIn, showLink, showSignIn, signOut } from './sign-in-pages.ts';
import { type GatewayWebhooks, gatewayRouter } from './sms-gateway.ts';
import { staticFolder } from './templates.ts';
import { type TwilioWebhooks, twilioRouter } from './twilio.ts';

export interface WebSettings {
  readonly twilio: TwilioWebhooks;
  /** Open only to the carrier of texts that is in use. */
  readonly aliyun?: AliyunWebhooks | null;
  readonly gateway?: GatewayWebhooks | null;
  /** Where browsers and carriers reach us, without a slash at the end. */
  readonly publicUrl: string;
  readonly sessionSecret: string;
}

/**
 * The web side: carriers' webhooks, and pages for people. Closed by default: what stands before the gate is all that a
 * stranger gets, and everything behind it names the permission it takes.
 */
export function createApp(services: Services, settings: WebSettings): Express {
  const app = express();
  const { checkForm, formToken } = protectForms(settings);
  const { publicUrl } = settings;
  const web: Web = { services, publicUrl, formToken, look: noteLooks(services) };

  app.disable('x-powered-by');
  // Whatever slips past our own error page is answered without its stack.
  app.set('env', 'production');
  // A public address in https means that somebody in front of us ends TLS, and says who is calling.
  app.set('trust proxy', isHttps(publicUrl) ? 1 : false);

  app.use(countRequests(services));
  app.use(securityHeaders(publicUrl));
  app.get('/healthz', alive);
  app.get('/readyz', ready(services));
  app.use('/twilio', twilioRouter(services, settings.twilio));
  if (settings.aliyun) app.use('/aliyun', aliyunRouter(services, settings.aliyun));
  if (settings.gateway) app.use('/sms/gateway', gatewayRouter(services, settings.gateway));
  app.use('/api/v1', apiRouter(services, settings));
  app.use('/static', express.static(staticFolder, { index: false, maxAge: '1y', immutable: true, redirect: false }));

  app.use(noStore, readCookies, chooseLanguage(publicUrl), overHttps(publicUrl));
  app.use(keepSessions(services, settings), knowViewer(services));
  app.use(draftsPath, takeDraft);
  app.use(ruleDraftsPath, takeRuleDraft);
  app.use(recordingsPath, takeRecordingFile);
  app.use(uploadPath, takeUpload);
  // An appeal's statement and evidence, 2,000 characters each, are nine bytes a character where they are Chinese.
  app.use(express.urlencoded({ extended: false, limit: '48kb', parameterLimit: 50 }), checkForm);
  app.get('/sign-in', showSignIn(web));
  const limited = limitSignIn();
  app.get('/sign-in/:secret', limited, showLink(web));
  app.post('/sign-in/:secret', limited, followLink(web));

  app.use(gate);
  app.post('/sign-out', signOut(web));
  for (const route of consoleRoutes) app[route.method](route.path, permitted(web, route));
  app.use(() => {
    throw new NotFound();
  });
  app.use(tellFaults(web));
  return app;
}

/** Shutting down, and the demo's clock, wait for every request that is being served. */
const countRequests =
  ({ activity }: Services): RequestHandler =>
  (_request, response, next) => {
    activity.begin('request');
    response.once('close', () => activity.end('request'));
    next();
  };

/** Nothing on a page may come from anywhere but here, and no page may stand in another's frame. */
function securityHeaders(publicUrl: string): RequestHandler {
  const secure = isHttps(publicUrl);
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        mediaSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(secure && { upgradeInsecureRequests: [] }),
      },
    },
    // Addresses carry sign-in secrets and round ids: they are nobody else's.
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: secure,
    xFrameOptions: { action: 'deny' },
  });
}

/** Pages hold personal data: no browser or proxy keeps a copy. */
const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** Some proxies end TLS without saying so; without this the session's cookie, which is for https alone, would not be set. */
const overHttps =
  (publicUrl: string): RequestHandler =>
  (request, _response, next) => {
    if (isHttps(publicUrl)) request.headers['x-forwarded-proto'] ??= 'https';
    next();
  };

/** From here on somebody is signed in. */
const gate: RequestHandler = (request, response, next) => {
  if (viewerOf(response)) next();
  else if (request.method === 'GET' || request.method === 'HEAD') response.redirect(303, '/sign-in');
  else next(new Forbidden());
};

function permitted(web: Web, { permission, show }: Route): RequestHandler {
  return async (request, response) => {
    const viewer = viewerOf(response);
    const reach = viewer && may(viewer.role, permission);
    if (!viewer || !reach) throw new Forbidden();
    if (reach === 'own-district' && viewer.districtId === null) throw new Forbidden('noDistrict');
    await show({ web, request, response, viewer, districtId: reach === 'own-district' ? viewer.districtId : null });
  };
}
