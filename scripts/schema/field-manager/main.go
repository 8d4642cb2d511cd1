package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// One line in: what somebody does to the object. One line out: the object afterwards, or the conflicts.
type step struct {
	New     bool
	Op      string
	Manager string
	Force   bool
	Object  map[string]any
}

type answer struct {
	Object    runtime.Object `json:"object,omitempty"`
	Conflicts []string       `json:"conflicts,omitempty"`
	Error     string         `json:"error,omitempty"`
}

type state struct {
	gvk     schema.GroupVersionKind
	manager *managedfields.FieldManager
	live    runtime.Object
}

func begin(object *unstructured.Unstructured) (*state, error) {
	gvk := object.GroupVersionKind()
	manager, err := managedfields.NewDefaultFieldManager(
		applyconfigurations.NewTypeConverter(scheme.Scheme),
		runtime.UnsafeObjectConvertor(scheme.Scheme), scheme.Scheme, scheme.Scheme,
		gvk, gvk.GroupVersion(), "", nil)
	if err != nil {
		return nil, err
	}
	live, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	live.GetObjectKind().SetGroupVersionKind(gvk)
	return &state{gvk, manager, live}, nil
}

func (s *state) typed(object *unstructured.Unstructured) (runtime.Object, error) {
	out, err := scheme.Scheme.New(s.gvk)
	if err != nil {
		return nil, err
	}
	err = runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, out)
	return out, err
}

func (s *state) do(step step) answer {
	patch := &unstructured.Unstructured{Object: step.Object}
	var next runtime.Object
	var err error
	if step.Op == "apply" {
		next, err = s.manager.Apply(s.live, patch, step.Manager, step.Force)
	} else {
		if next, err = s.typed(patch); err == nil {
			accessor, _ := meta.Accessor(next)
			before, _ := meta.Accessor(s.live)
			accessor.SetUID(before.GetUID())
			accessor.SetManagedFields(nil)
			next, err = s.manager.Update(s.live, next, step.Manager)
		}
	}
	if err != nil {
		out := answer{Error: err.Error()}
		if status, ok := err.(apierrors.APIStatus); ok && apierrors.IsConflict(err) {
			out = answer{}
			for _, cause := range status.Status().Details.Causes {
				out.Conflicts = append(out.Conflicts, fmt.Sprintf("%s: %s", cause.Message, cause.Field))
			}
		}
		return out
	}
	if u, ok := next.(*unstructured.Unstructured); ok {
		if next, err = s.typed(u); err != nil {
			return answer{Error: err.Error()}
		}
	}
	accessor, _ := meta.Accessor(next)
	accessor.SetUID("1")
	next.GetObjectKind().SetGroupVersionKind(s.gvk)
	s.live = next
	return answer{Object: next}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	var current *state
	for in.Scan() {
		var step step
		if err := json.Unmarshal(in.Bytes(), &step); err != nil {
			panic(err)
		}
		// Numbers as Kubernetes' own decoder reads them.
		object := &unstructured.Unstructured{}
		raw, _ := json.Marshal(step.Object)
		if err := object.UnmarshalJSON(raw); err != nil {
			panic(err)
		}
		step.Object = object.Object
		if step.New {
			var err error
			if current, err = begin(object); err != nil {
				panic(err)
			}
		}
		if err := out.Encode(current.do(step)); err != nil {
			panic(err)
		}
	}
}
