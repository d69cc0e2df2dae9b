{{- define "scc.prefix" -}}
{{ .Values.namePrefix | default .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select the pods of a component: (list $ "state") */}}
{{- define "scc.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: sccluster
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: scc-{{ index . 1 }}
{{- end }}

{{- define "scc.labels" -}}
{{- $root := index . 0 -}}
{{ include "scc.selector" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- define "scc.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "scc.prefix" $root }}-{{ index . 1 }}
labels:
  {{- include "scc.labels" . | nindent 2 }}
{{- end }}

{{- define "scc.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "scc.metadata" . | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{/* Metadata of the pods of a component: (list $ "state" metricsPort) */}}
{{- define "scc.podMetadata" -}}
labels:
  {{- include "scc.selector" . | nindent 2 }}
annotations:
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ index . 2 | quote }}
  prometheus.io/path: /metrics
{{- end }}

{{/* What the pods of all components have: (list $ "state" graceSeconds) */}}
{{- define "scc.pod" -}}
{{- $root := index . 0 -}}
{{- $component := index $root.Values (index . 1) -}}
serviceAccountName: {{ include "scc.prefix" $root }}-{{ index . 1 }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ index . 2 }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $component.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $component.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
tolerations:
  {{- range list "not-ready" "unreachable" }}
  - key: node.kubernetes.io/{{ . }}
    operator: Exists
    effect: NoExecute
    tolerationSeconds: {{ $root.Values.nodeLostSeconds }}
  {{- end }}
{{- end }}

{{- define "scc.spread" -}}
{{- $selector := include "scc.selector" . -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{- define "scc.image" -}}
image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end }}

{{- define "scc.workerImage" -}}
{{- $image := .Values.worker.image -}}
image: {{ $image.repository | default .Values.image.repository }}:{{ $image.tag | default .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end }}

{{/* Ports, probes, resources and rights of a component: (list $ "state" port metricsPort startupSeconds) */}}
{{- define "scc.container" -}}
{{- $component := index (index . 0).Values (index . 1) -}}
{{- $port := printf "scc-%s" (index . 1) -}}
{{- $scheme := $component.probeScheme | default "HTTP" -}}
ports:
  - name: {{ $port }}
    containerPort: {{ index . 2 }}
  - name: metrics
    containerPort: {{ index . 3 }}
startupProbe:
  {{- include "scc.probe" (list "/livez" $port $scheme) | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div (index . 4) 2 }}
readinessProbe:
  {{- include "scc.probe" (list "/readyz" $port $scheme) | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
livenessProbe:
  {{- include "scc.probe" (list "/livez" $port $scheme) | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
resources:
  {{- toYaml $component.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "scc.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: {{ index . 1 }}
  {{- if ne (index . 2) "HTTP" }}
  scheme: {{ index . 2 }}
  {{- end }}
{{- end }}

{{- define "scc.secretName" -}}
{{ .Values.auth.secretName | default (printf "%s-auth" (include "scc.prefix" .)) }}
{{- end }}

{{/* A variable that a secret has: (list $ name key), and "optional" where it may be missing. */}}
{{- define "scc.secretEnv" -}}
{{- $root := index . 0 -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "scc.secretName" $root }}
      key: {{ index . 2 }}
      {{- if gt (len .) 3 }}
      optional: true
      {{- end }}
{{- end }}

{{- define "scc.authEnv" -}}
{{ include "scc.secretEnv" (list . "SCC_AUTH_KEY" "auth-key") }}
{{ include "scc.secretEnv" (list . "SCC_AUTH_KEY_SECONDARY" "auth-key-secondary" "optional") }}
{{- end }}

{{/* Variables of a broker or worker: (list $ drainMs) */}}
{{- define "scc.memberEnv" -}}
- name: SCC_STATE_SERVER_HOST
  value: {{ include "scc.prefix" (index . 0) }}-state
- name: SCC_INSTANCE_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: SCC_DRAIN_MS
  value: {{ index . 1 | int | quote }}
{{- end }}

{{- define "scc.extraMounts" -}}
{{- with .extraVolumeMounts }}
volumeMounts:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "scc.extraVolumes" -}}
{{- with .extraVolumes }}
volumes:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Grace period: SCC_DRAIN_MS, what stands before it, and 5 s: (list drainMs beforeMs) */}}
{{- define "scc.grace" -}}
{{ add (div (add (index . 0 | int) (index . 1 | int) 999) 1000) 5 }}
{{- end }}

{{- define "scc.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "scc.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ (index (index . 0).Values (index . 1)).disruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "scc.selector" . | nindent 6 }}
{{- end }}

{{/* The part of an autoscaler that says what is scaled, between which bounds, and by the CPU. */}}
{{- define "scc.autoscaler" -}}
{{- $root := index . 0 -}}
{{- $scaling := (index $root.Values (index . 1)).autoscaling -}}
scaleTargetRef:
  apiVersion: apps/v1
  kind: Deployment
  name: {{ include "scc.prefix" $root }}-{{ index . 1 }}
minReplicas: {{ $scaling.minReplicas }}
maxReplicas: {{ $scaling.maxReplicas }}
metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: {{ $scaling.cpuUtilization }}
{{- end }}
