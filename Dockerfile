FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN npm ci
COPY tsconfig.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3005 KEYS_DIR=/keys
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# The default of DATABASE_URL leads to /data; set here, it would stand in the way of DATABASE_URL_FILE.
RUN mkdir /data /keys && chown 1000:1000 /data && chmod 700 /data && ln -s /data data \
 && printf '#!/bin/sh\nexec node /app/dist/cli/main.js "$@"\n' >/usr/local/bin/jaas-token-service \
 && chmod 755 /usr/local/bin/jaas-token-service
# A number, so that Kubernetes can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3005
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The young part of the heap has its full size (MB) from the start: growing to it and back takes a tenth of the event loop's time.
# What a service at rest gives back, memory and bytecode, the next tokens pay for. `npm start` says the same.
CMD ["node", "--min-semi-space-size=16", "--no-memory-reducer", "--no-flush-bytecode", "dist/main.js"]
