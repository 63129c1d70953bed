{{/* What the objects of this release are called. */}}
{{- define "vestnik.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}

{{/* By what the pods of a part are found. Of a dict: root, part. */}}
{{- define "vestnik.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{/* The labels of everything. Of a dict: root, part. */}}
{{- define "vestnik.labels" -}}
{{ include "vestnik.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The claim with uploads and attachments. */}}
{{- define "vestnik.files" -}}
{{ .Values.files.existingClaim | default (printf "%s-files" (include "vestnik.name" .)) }}
{{- end -}}

{{/* The lines of .env that are no secret. A key without a value counts as not set. */}}
{{- define "vestnik.settings" -}}
SITE_URL=https://{{ .Values.host }}
ALLOWED_HOSTS={{ .Values.host }}
TRUSTED_PROXIES={{ .Values.trustedProxies }}
DB_ENGINE=postgresql
DB_HOST={{ .Values.database.host }}
DB_PORT={{ .Values.database.port }}
DB_NAME={{ .Values.database.name }}
DB_USER={{ .Values.database.user }}
CACHE_URL={{ .Values.redis.cacheUrl }}
SCHEDULER_ENABLED=False
LOG_FORMAT=json
LOG_DIR=/tmp/log
{{- range $key, $value := .Values.settings }}
{{ $key }}={{ $value }}
{{- end }}
{{- end -}}

{{/* The image, and what no container may do. */}}
{{- define "vestnik.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* What every pod begins with: no root, and its .env, made of the settings and the Secret. */}}
{{- define "vestnik.pod" -}}
automountServiceAccountToken: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
initContainers:
  - name: settings
    {{- include "vestnik.container" . | nindent 4 }}
    command: [sh, -c, 'umask 077 && { printf "%s\n" "$SETTINGS"; cat /secret/.env; } > /settings/.env']
    env:
      - name: SETTINGS
        # Kubernetes makes one dollar sign of two.
        value: {{ include "vestnik.settings" . | replace "$" "$$" | quote }}
    resources:
      requests: {cpu: 10m, memory: 16Mi, ephemeral-storage: 1Mi}
      limits: {memory: 64Mi, ephemeral-storage: 16Mi}
    volumeMounts:
      - {name: secret, mountPath: /secret, readOnly: true}
      - {name: settings, mountPath: /settings}
{{- end -}}

{{/* The mounts of every container that runs Vestnik. */}}
{{- define "vestnik.mounts" -}}
- {name: settings, mountPath: /app/.env, subPath: .env, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{/* The volumes of every pod. */}}
{{- define "vestnik.volumes" -}}
- name: secret
  secret: {secretName: {{ .Values.secret | quote }}}
- name: settings
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- end -}}

{{/* The name must be one of ALLOWED_HOSTS; the node's own address is none. */}}
{{- define "vestnik.probe" -}}
httpGet:
  path: /healthz
  port: http
  httpHeaders:
    - name: Host
      value: {{ .Values.host | quote }}
{{- end -}}
