{{- /* What everything is called: several control planes in one cluster differ by their revision. */ -}}
{{- define "isthmus.name" -}}
isthmus{{ if ne .Values.revision "default" }}-{{ .Values.revision }}{{ end }}
{{- end }}

{{- define "isthmus.selector" -}}
app.kubernetes.io/name: isthmus
app.kubernetes.io/instance: {{ .Release.Name | quote }}
isthmus.dev/control-plane: {{ .Values.revision | quote }}
{{- end }}

{{- define "isthmus.labels" -}}
{{ include "isthmus.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: isthmus
app.kubernetes.io/component: control-plane
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "isthmus.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
