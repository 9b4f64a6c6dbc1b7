package imports

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// EnumScheme starts the specifiers of the virtual modules with const enums. The
// rest names the declaration file, relative to the project where it lies below
// it, so that output does not depend on where the project lies.
const EnumScheme = "const-enum:"

// Enums finds the ambient const enums of packages: those that exist only as
// `declare const enum` in declaration files, have no value at run time and are
// inlined by the TypeScript compiler. Plain enums have one and are left.
//
// It may be used from several goroutines and reads each file once.
type Enums struct {
	// Root is the project's folder, an absolute path with forward slashes.
	Root string
	// Read gives a file's bytes; an error says that there is none.
	Read func(file string) ([]byte, error)

	mu    sync.Mutex
	files map[string]*declarationFile
	// entries holds declaration files by package folder and subpath, finds what
	// Find gave.
	entries, finds sync.Map
}

type declarationFile struct {
	sync.Once
	*declarations
}

// Find looks for the const enum that specifier exports under name, where the
// specifier leads to file, in node_modules. It gives the virtual module with it
// and its name there.
func (e *Enums) Find(specifier, file, name string) (module, local string, ok bool) {
	if name == "default" {
		return "", "", false
	}
	entry := e.entry(specifier, file)
	if entry == "" {
		return "", "", false
	}
	key := [3]string{entry, specifier, name}
	hit, known := e.finds.Load(key)
	if !known {
		hit = e.find(entry, specifier, name)
		e.finds.Store(key, hit)
	}
	f := hit.(enumPlace)
	if f.file == "" {
		return "", "", false
	}
	return EnumScheme + e.relative(f.file), enumName(f.name), true
}

// Source gives the TypeScript text of a virtual module that Find named.
func (e *Enums) Source(module string) (string, error) {
	file, ok := strings.CutPrefix(module, EnumScheme)
	if !ok {
		return "", fmt.Errorf("module %q has no const enums: its name does not start with %q", module, EnumScheme)
	}
	if !path.IsAbs(file) {
		file = path.Join(e.Root, file)
	}
	d := e.file(file)
	if d == nil {
		return "", fmt.Errorf("reading the const enums of %q: no such file", file)
	}
	var b strings.Builder
	b.WriteString(d.source())
	for _, name := range slices.Sorted(maps.Keys(d.modules)) {
		b.WriteString(d.modules[name].source())
	}
	return b.String(), nil
}

// Global gives the const enums that declaration files of the project declare
// globally (in files that are no modules, or in `declare global`), as the source
// of one module that exports them, with their names in order. Of two of one name
// the first file's counts.
func (e *Enums) Global(files []string) (source string, names []string, err error) {
	all := newDeclarations()
	for _, file := range files {
		d := e.file(file)
		if d == nil {
			return "", nil, fmt.Errorf("reading the global const enums of %q: no such file", file)
		}
		if d.script {
			all.takeGlobals(d.declarations)
		}
		if d.global != nil {
			all.takeGlobals(d.global)
		}
	}
	for name := range all.enums {
		if all.usable(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return all.source(), names, nil
}

func (d *declarations) takeGlobals(from *declarations) {
	for name, e := range from.enums {
		if _, known := d.enums[name]; !known && !strings.Contains(name, ".") {
			d.enums[name] = e
		}
	}
}

// file gives a declaration file, nil when there is none of that name.
func (e *Enums) file(name string) *declarationFile {
	e.mu.Lock()
	if e.files == nil {
		e.files = make(map[string]*declarationFile)
	}
	f := e.files[name]
	if f == nil {
		f = new(declarationFile)
		e.files[name] = f
	}
	e.mu.Unlock()
	f.Do(func() {
		if src, err := e.Read(name); err == nil {
			f.declarations = scanDeclarations(src)
		}
	})
	if f.declarations == nil {
		return nil
	}
	return f
}

func (e *Enums) relative(file string) string {
	if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(e.Root, "/")+"/"); ok && e.Root != "" {
		return rest
	}
	return file
}

// An enumPlace is a declaration file and the name of an enum in it.
type enumPlace struct{ file, name string }

func (e *Enums) find(entry, specifier, name string) enumPlace {
	seen := make(map[enumPlace]bool)
	if d := e.file(entry); d != nil {
		if m := d.modules[specifier]; m != nil && m.usable(name) {
			if _, ok := m.exports(name); ok {
				return enumPlace{entry, name}
			}
		}
	}
	return e.follow(entry, name, seen)
}

// follow looks for an exported name through the re-exports of declaration files.
func (e *Enums) follow(file, name string, seen map[enumPlace]bool) enumPlace {
	here := enumPlace{file, name}
	d := e.file(file)
	if d == nil || seen[here] {
		return enumPlace{}
	}
	seen[here] = true
	if o, ok := d.explicit[name]; ok {
		return e.followOrigin(d, file, o, seen)
	}
	if local, ok := d.exports(name); ok {
		if d.usable(local) {
			return enumPlace{file, local}
		}
		return enumPlace{}
	}
	for _, star := range d.stars {
		for _, next := range e.candidates(file, star.specifier) {
			if p := e.follow(next, name, seen); p.file != "" {
				return p
			}
		}
	}
	return enumPlace{}
}

func (e *Enums) followOrigin(d *declarationFile, file string, o origin, seen map[enumPlace]bool) enumPlace {
	if o.specifier == "" {
		imported, ok := d.imported[o.name]
		if !ok {
			if d.usable(o.name) {
				return enumPlace{file, o.name}
			}
			return enumPlace{}
		}
		o = imported
	}
	if o.namespace || o.name == "default" {
		return enumPlace{}
	}
	for _, next := range e.candidates(file, o.specifier) {
		if p := e.follow(next, o.name, seen); p.file != "" {
			return p
		}
	}
	return enumPlace{}
}

// enum gives the target of a name that is an ambient const enum of the package
// that file belongs to.
func (s *search) enum(importer, specifier, file, name string) (target, bool) {
	if s.Enums == nil || !isTypeScript(importer) || isTypeScript(file) {
		return target{}, false
	}
	module, local, ok := s.Enums.Find(specifier, file, name)
	return target{file: module, name: local}, ok
}
