// A visit at a kiosk: the client in Node, where each post's answer is looked at.
'use strict';

const { finish } = require('./contained.cjs');
const { GridSignals, types } = require('@ombori/grid-signals');

async function visit() {
  const signals = new GridSignals();
  await signals.init({
    tenantId: process.env.TENANT,
    environment: 'production',
    dataResidency: types.DataResidencyEnum.EU,
    country: 'SE',
    appId: 'shop',
    appVersion: '4.5.6',
    installationId: 'kiosk-7',
    installationVersion: '12',
    spaceId: 'store-3',
    deviceId: 'screen-9',
    latitude: 59.3293,
    longitude: 18.0686,
    locationAccuracy: 12.5,
  });
  const { sessionId } = signals.getInstanceProps();
  await signals.sendProductView({ productId: 'p1' });
  await signals.sendCategoryView({ categoryId: 'c1' });
  await signals.sendCartAdd({ productId: 'p1', quantity: 2 });
  await signals.sendPurchase({
    transactionId: 't-1',
    currencyCode: 'SEK',
    coupon: 'SPRING',
    revenue: 49.99,
    tax: 12,
    shipping: 0,
  });
  await signals.sendRating({ rating: 5, interactionDelay: 900, comment: 'très bien 🙂\nsecond line' });
  // A text cut in the middle of a character.
  await signals.sendSearch({ searchQueryString: 'shoes 🙂'.slice(0, 7) });
  await signals.setState({ key: 'basket', value: 3, expiryDuration: 60000 });
  await signals.setState({ key: 'mood', value: 'good', expiryDuration: 1000 });
  const contact = { interaction: true, identityType: types.IdentityTypeEnum.EMAIL, contact: 'anna@example.com' };
  const contactId = await signals.identifyContactAndGetId(contact);
  const contactIdAgain = await signals.identifyContactAndGetId(contact);
  const sessionContactId = await signals.getContactId();
  await signals.sendCustomEvent({
    eventType: 'EVERYTHING',
    interaction: false,
    productId: 'p2',
    categoryId: 'c2',
    ...{ int1: 1, int2: -2, int3: 0, int4: Number.MAX_SAFE_INTEGER, int5: 5 },
    ...{ str1: 'one', str2: '', str3: 'three "quoted"', str4: 'four\tfour', str5: 'five' },
    stateful: false,
    public: 86400000,
  });
  await signals.createSession();
  const secondSessionId = signals.getInstanceProps().sessionId;
  await signals.sendQrScan();
  await finish({ sessionId, secondSessionId, contactId, contactIdAgain, sessionContactId });
}

visit().catch((error) => {
  console.error(error);
  process.exit(1);
});
