{{- define "telemetry.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "telemetry.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Selector labels; takes dict root, component. */}}
{{- define "telemetry.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "telemetry.labels" -}}
{{ include "telemetry.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: telemetry
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* Settings all roles share, as one map of environment variables. */}}
{{- define "telemetry.settings" -}}
TELEMETRY__KAFKA__BOOTSTRAPSERVERS: {{ .Values.kafka.bootstrapServers | quote }}
TELEMETRY__KAFKA__SECURITYPROTOCOL: {{ .Values.kafka.securityProtocol | quote }}
{{- if .Values.kafka.caSecret }}
TELEMETRY__KAFKA__SSLCAFILE: /etc/telemetry/kafka-ca/ca.crt
{{- end }}
{{- if hasPrefix "Sasl" .Values.kafka.securityProtocol }}
TELEMETRY__KAFKA__SASLMECHANISM: {{ .Values.kafka.sasl.mechanism | quote }}
TELEMETRY__KAFKA__SASLUSERNAME: {{ required "kafka.sasl.username is needed with the Sasl protocols" .Values.kafka.sasl.username | quote }}
TELEMETRY__KAFKA__SASLPASSWORDFILE: /etc/telemetry/kafka-sasl/{{ .Values.kafka.sasl.passwordKey }}
{{- end }}
TELEMETRY__LOG__PARTITIONS: {{ .Values.kafka.partitions | quote }}
TELEMETRY__KAFKA__REPLICATIONFACTOR: {{ .Values.kafka.replicationFactor | quote }}
TELEMETRY__KAFKA__MININSYNCREPLICAS: {{ .Values.kafka.minInSyncReplicas | quote }}
{{- if .Values.schemaRegistry.url }}
TELEMETRY__SCHEMAREGISTRY__URLS__0: {{ .Values.schemaRegistry.url | quote }}
{{- end }}
TELEMETRY__HTTP__ADDRESS: "0.0.0.0"
TELEMETRY__HTTP__PORT: "8080"
{{- if .Values.access.allowAnonymous }}
TELEMETRY__ACCESS__ALLOWANONYMOUSFROMANYWHERE: "true"
{{- else }}
TELEMETRY__ACCESS__METRICSTOKENFILE: /etc/telemetry/metrics/token
{{- end }}
TELEMETRY__LOGGING__AUDITBYTESMAX: "33554432"
TELEMETRY__LOGGING__FORMAT: {{ .Values.logFormat | quote }}
TELEMETRY__SHUTDOWNTIMEOUT: {{ printf "%ds" (int .Values.shutdownSeconds) | quote }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Longer than a role may take to drain: twice its timeout, the preStop pause, and room. */}}
{{- define "telemetry.gracePeriod" -}}
{{ add (mul 2 (int .Values.shutdownSeconds)) 20 }}
{{- end }}

{{- define "telemetry.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "telemetry.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "telemetry.kafkaMounts" -}}
{{- if .Values.kafka.caSecret }}
- { name: kafka-ca, mountPath: /etc/telemetry/kafka-ca, readOnly: true }
{{- end }}
{{- if hasPrefix "Sasl" .Values.kafka.securityProtocol }}
- { name: kafka-sasl, mountPath: /etc/telemetry/kafka-sasl, readOnly: true }
{{- end }}
{{- if not .Values.access.allowAnonymous }}
- { name: metrics-token, mountPath: /etc/telemetry/metrics, readOnly: true }
{{- end }}
- { name: tmp, mountPath: /tmp }
- { name: data, mountPath: /data }
{{- end }}

{{- define "telemetry.kafkaVolumes" -}}
{{- if .Values.kafka.caSecret }}
- name: kafka-ca
  secret: { secretName: {{ .Values.kafka.caSecret }} }
{{- end }}
{{- if hasPrefix "Sasl" .Values.kafka.securityProtocol }}
- name: kafka-sasl
  secret: { secretName: {{ required "kafka.sasl.existingSecret is needed with the Sasl protocols" .Values.kafka.sasl.existingSecret }} }
{{- end }}
{{- if not .Values.access.allowAnonymous }}
- name: metrics-token
  secret: { secretName: {{ required "access.metricsTokenSecret: name a Secret with the key token, or set access.allowAnonymous=true for a network you trust" .Values.access.metricsTokenSecret }} }
{{- end }}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
- name: data
  emptyDir: { sizeLimit: 256Mi }
{{- end }}

{{- define "telemetry.clickHouseSecret" -}}
{{- .Values.clickhouse.existingSecret | default (printf "%s-clickhouse" (include "telemetry.fullname" .)) -}}
{{- end }}

{{/* Pod of a role; takes dict root, component, values, env (text), mounts (text), volumes (text), ports (text), clickhouse (bool). */}}
{{- define "telemetry.pod" -}}
metadata:
  labels:
    {{- include "telemetry.labels" . | nindent 4 }}
  annotations:
    checksum/settings: {{ include "telemetry.settings" .root | sha256sum }}
    {{- with .root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "telemetry.fullname" .root }}
  automountServiceAccountToken: false
  # Services named after us would put variables that begin like settings into every container.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "telemetry.gracePeriod" .root }}
  securityContext:
    {{- include "telemetry.podSecurity" .root | nindent 4 }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- $selector := include "telemetry.selector" . }}
  {{- with .root.Values.topologySpread }}
  topologySpreadConstraints:
    {{- range . }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- $selector | nindent 10 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "telemetry.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [{{ .component }}]
      securityContext:
        {{- include "telemetry.containerSecurity" .root | nindent 8 }}
      envFrom:
        - configMapRef: { name: {{ include "telemetry.fullname" .root }} }
      env:
        # Stable for a StatefulSet's pod: a pod that comes back takes over from itself at once.
        - name: TELEMETRY__INSTANCE
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
        {{- if .clickhouse }}
        - { name: TELEMETRY__CLICKHOUSE__ENDPOINT, value: {{ .root.Values.clickhouse.endpoint | quote }} }
        - { name: TELEMETRY__CLICKHOUSE__DATABASE, value: {{ .root.Values.clickhouse.database | quote }} }
        - { name: TELEMETRY__CLICKHOUSE__USER, value: {{ .root.Values.clickhouse.user | quote }} }
        - { name: TELEMETRY__CLICKHOUSE__PASSWORDFILE, value: /etc/telemetry/clickhouse/{{ .root.Values.clickhouse.passwordKey }} }
        {{- end }}
        {{- with .env }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- range $name, $value := .values.settings }}
        - { name: {{ $name }}, value: {{ $value | quote }} }
        {{- end }}
      ports:
        - { name: http, containerPort: 8080 }
        {{- with .ports }}
        {{- . | nindent 8 }}
        {{- end }}
      # Alive within five minutes of starting; from then on alive or started again, and served only while ready.
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 150
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 3
      # The endpoint leaves the load balancers before the role stops taking.
      lifecycle:
        preStop: { sleep: { seconds: 5 } }
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      volumeMounts:
        {{- include "telemetry.kafkaMounts" .root | trim | nindent 8 }}
        {{- if .clickhouse }}
        - { name: clickhouse, mountPath: /etc/telemetry/clickhouse, readOnly: true }
        {{- end }}
        {{- with .mounts }}
        {{- . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "telemetry.kafkaVolumes" .root | trim | nindent 4 }}
    {{- if .clickhouse }}
    - name: clickhouse
      secret: { secretName: {{ include "telemetry.clickHouseSecret" .root }} }
    {{- end }}
    {{- with .volumes }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* One container that applies what is declared, topics or schemas, and ends; takes dict root, subject. */}}
{{- define "telemetry.applyContainer" -}}
- name: {{ .subject }}
  image: {{ include "telemetry.image" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [{{ .subject }}, apply]
  securityContext:
    {{- include "telemetry.containerSecurity" .root | nindent 4 }}
  # Not from the ConfigMap: a hook runs before the release's own objects are there.
  env:
    {{- range $name, $value := include "telemetry.settings" .root | fromYaml }}
    - { name: {{ $name }}, value: {{ $value | quote }} }
    {{- end }}
  resources:
    {{- toYaml .root.Values.topicsJob.resources | nindent 4 }}
  volumeMounts:
    {{- include "telemetry.kafkaMounts" .root | trim | nindent 4 }}
{{- end }}
