FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN npm ci
COPY tsconfig.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=:: PORT=3005 KEYS_DIR=/keys
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# The default of DATABASE_URL, sqlite:data/service.db, resolves to /data. It is not set here, because a variable that is set
# excludes DATABASE_URL_FILE. The command jaas-token-service is the former name; it is a link and will be removed.
RUN mkdir /data /keys && chown 1000:1000 /data && chmod 700 /data && ln -s /data data \
 && printf '#!/bin/sh\nexec node /app/dist/cli/main.js "$@"\n' >/usr/local/bin/jitsi-token-service \
 && chmod 755 /usr/local/bin/jitsi-token-service \
 && ln -s jitsi-token-service /usr/local/bin/jaas-token-service
# Numeric, so that Kubernetes can verify runAsNonRoot.
USER 1000:1000
VOLUME /data
EXPOSE 3005 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The same V8 flags as in `npm start`:
# --min-semi-space-size=16: the young generation starts at its full size (MB). Resizing it takes a tenth of the event loop's time.
# --no-memory-reducer --no-flush-bytecode: an idle service keeps its memory and bytecode. Otherwise the next tokens cost 3 % more.
CMD ["node", "--min-semi-space-size=16", "--no-memory-reducer", "--no-flush-bytecode", "dist/main.js"]
