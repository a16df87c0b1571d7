/**
 * The JSON of a run, as internal/explain/run and internal/explain write it. Types
 * only: there is no code here. Times are RFC 3339 with microseconds, in UTC.
 *
 * @typedef {object} Run
 * @property {string} schemaVersion
 * @property {Trace} trace
 * @property {Actor[]} actors
 * @property {Message[]} messages
 * @property {number} [messagesOmitted]
 * @property {Activity[]} activities
 * @property {number} [activitiesOmitted]
 * @property {State[]} states
 * @property {Moment[]} moments
 * @property {Evidence[]} evidence
 * @property {number} [evidenceOmitted]
 * @property {Node[]} [nodes]
 * @property {number} [nodesOmitted]
 * @property {string} [begin]
 * @property {string} [end]
 *
 * @typedef {'client'|'api-server'|'etcd'|'scheduler'|'controller-manager'|'kubelet'} ActorKind
 *
 * @typedef {object} Actor
 * @property {string} id
 * @property {ActorKind} kind
 * @property {string} name
 * @property {string} [detail]
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {'request'|'answer'|'write'|'stored'|'watch'} kind
 * @property {string} from
 * @property {string} to
 * @property {string} label
 * @property {string} text
 * @property {string} [sentAt]
 * @property {string} [receivedAt]
 * @property {string} [notBefore]
 * @property {string} [notAfter]
 * @property {string} [unknown]
 * @property {number} [step]
 * @property {number} [revision]
 * @property {string} [auditID]
 * @property {number} [code]
 * @property {string} [node]
 * @property {string} [about] another object that it is about, such as simpod/web-a
 * @property {string[]} [evidence]
 *
 * @typedef {object} Activity
 * @property {string} id
 * @property {string} actor
 * @property {string} [parent]
 * @property {string} kind
 * @property {string} label
 * @property {string} text
 * @property {string} begin
 * @property {string|null} end null while it is still going on
 * @property {number} [step]
 * @property {string} [auditID]
 * @property {string[]} [evidence]
 *
 * @typedef {object} State
 * @property {number} revision
 * @property {any} [object]
 * @property {boolean} [removed]
 * @property {string} [unavailable]
 * @property {string} [source] that kept it
 * @property {string} outcome
 * @property {string} [reason]
 * @property {string} headline
 * @property {string[]} [evidence]
 *
 * @typedef {object} Moment
 * @property {string|null} at
 * @property {string} [notBefore]
 * @property {string} [notAfter]
 * @property {string} [outcome] by then; none where nothing is decided yet
 * @property {number} [step]
 * @property {number} [revision]
 * @property {string} actor
 * @property {string} label
 * @property {string} title
 * @property {string[]} [messages]
 * @property {string[]} [activities]
 * @property {string[]} [evidence]
 *
 * @typedef {object} Evidence
 * @property {string} id
 * @property {string} source
 * @property {string} [time]
 * @property {number} [revision]
 * @property {string} [auditID]
 * @property {number[]} [steps]
 * @property {string} summary
 * @property {any} [raw]
 * @property {number} [tooLarge]
 *
 * @typedef {object} Node
 * @property {string} name
 * @property {boolean} feasible
 * @property {boolean} [chosen]
 * @property {number} [total]
 * @property {number} [rank]
 * @property {string} [reason]
 *
 * @typedef {object} Trace
 * @property {Subject} subject
 * @property {string} [auditID]
 * @property {string} kind
 * @property {RequestSummary} [request]
 * @property {string} outcome
 * @property {string} [reason]
 * @property {string} headline
 * @property {boolean} complete
 * @property {string} [collectedAt]
 * @property {Step[]} steps
 * @property {Revision[]} [revisions]
 * @property {number} [revisionsOmitted]
 * @property {Child[]} [children]
 * @property {number} [childrenLeftOut]
 * @property {{line: string, observed: boolean}} [printed]
 * @property {TrackerMoment[]} tracker
 * @property {{title: string, explanation: string}[]} keyMoments
 * @property {Attempt[]} [attempts]
 * @property {Question[]} quiz
 * @property {string[]} snapshot
 * @property {string} transcript
 * @property {{about: string, claims: {source: string, says: string}[]}[]} [disagreements]
 * @property {{name: string, available: boolean, reason?: string, entries?: number}[]} sources
 * @property {number} dropped
 *
 * @typedef {object} Subject
 * @property {string} [group]
 * @property {string} resource
 * @property {string} [namespace]
 * @property {string} [name]
 * @property {string} [uid]
 *
 * @typedef {object} RequestSummary
 * @property {string} auditID
 * @property {string} verb
 * @property {string} [subresource]
 * @property {string} uri
 * @property {string} user
 * @property {string} [userAgent]
 * @property {string} [fieldManager]
 * @property {number} [code]
 * @property {boolean} [dryRun]
 *
 * @typedef {object} Step
 * @property {number} step
 * @property {string} component
 * @property {string} action
 * @property {string} [input]
 * @property {string} [effect]
 * @property {string} [time]
 * @property {{source: string, summary: string, time?: string, auditID?: string, lag?: string, details?: string[]}[]} [evidence]
 *
 * @typedef {object} Revision
 * @property {number} revision
 * @property {string} kind
 * @property {number} [step]
 * @property {string} [time]
 * @property {string} [component]
 * @property {string} [user]
 * @property {string} [manager]
 * @property {string} [auditID]
 * @property {string} [verb]
 * @property {number} [code]
 * @property {string} [joined]
 * @property {string} state
 * @property {string} [node]
 * @property {string} [phase]
 * @property {boolean} [marked]
 * @property {number} [bytes]
 * @property {string} text
 * @property {string[]} [changes]
 *
 * @typedef {object} Child
 * @property {Subject} subject
 * @property {{revision?: number, time?: string, writer?: string, auditID?: string}} [created]
 * @property {{revision?: number, time?: string, writer?: string, auditID?: string}} [marked]
 * @property {{revision?: number, time?: string, writer?: string, auditID?: string}} [removed]
 *
 * @typedef {object} TrackerMoment
 * @property {string} moment
 * @property {string} requestState
 * @property {string} clusterState
 * @property {number} [revision]
 *
 * @typedef {object} Attempt
 * @property {number} attempt
 * @property {boolean} [deciding]
 * @property {string} [profile]
 * @property {string} [decidedAt]
 * @property {string} [queueTime]
 * @property {number} nodesTotal
 * @property {number} nodesEvaluated
 * @property {number} nodesFeasible
 * @property {string} [node]
 * @property {string} [nominatedNode]
 * @property {string} [message]
 * @property {string} [bindError]
 * @property {NodeVerdict[]} [nodes]
 * @property {number} [nodesOmitted]
 * @property {{plugin: string, reason: string, nodes: number, examples?: string[]}[]} [rejections]
 *
 * @typedef {object} NodeVerdict
 * @property {string} name
 * @property {boolean} feasible
 * @property {{plugin: string, code: string, reasons?: string[]}[]} [filters]
 * @property {{plugin: string, raw: number, normalized: number, weight: number, weighted: number}[]} [scores]
 * @property {number} total
 * @property {number} [rank]
 *
 * @typedef {object} Question
 * @property {string} id
 * @property {string} question
 * @property {string[]} [choices]
 * @property {string} [answer]
 * @property {string} [why]
 */
export {};
